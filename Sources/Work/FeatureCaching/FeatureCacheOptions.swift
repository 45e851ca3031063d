import Caches
package import FeatureNetworks
package import JSON

/// What the user chose about features.
package struct FeatureCacheOptions: Sendable {
  package enum Precision: String, Sendable, CaseIterable {
    case f32
    /// IEEE half, rounded to nearest, ties to even.
    case f16
  }

  package var network = FeatureNetworkKind.standard
  package var imagesCache: String
  package var weights: String
  package var output: String
  /// The map beside its mean.
  package var includesGrid: Bool
  package var precision: Precision
  /// Throws away what an interrupted run left.
  package var restarts = false

  package init(imagesCache: String, weights: String, output: String, includesGrid: Bool, precision: Precision) {
    self.imagesCache = imagesCache
    self.weights = weights
    self.output = output
    self.includesGrid = includesGrid
    self.precision = precision
  }

  /// All that changes the output besides the inputs' content.
  package var configuration: JSONValue {
    [
      "tap": .string(network.tap), "precision": .string(precision.rawValue), "grid": .bool(includesGrid),
      "preprocessing": [
        "scale": "value / 255", "mean": .array(network.mean.map { .string("\($0)") }),
        "standard_deviation": .array(network.standardDeviation.map { .string("\($0)") }),
      ],
    ]
  }

  /// Bytes of the cache's rows, with the published weights.
  ///
  /// - Parameter photographs: the shape of the images cache's rows, [rows, 3, height, width].
  package func byteCount(photographs: [Int]) -> Int {
    let map = network.mapShape(photographs[2], photographs[3])
    return photographs[0] * (map[0] + (includesGrid ? map.reduce(1, *) : 0)) * (precision == .f32 ? 4 : 2)
  }
}
