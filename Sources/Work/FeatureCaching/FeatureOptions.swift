import Caches
import FeatureNetworks
package import JSON

/// What the user chose about features.
package struct FeatureOptions: Sendable {
  package enum Precision: String, Sendable, CaseIterable {
    case f32
    /// IEEE half, rounded to nearest, ties to even.
    case f16
  }

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

  /// Raised whenever the features of the same photographs and weights change. 3: the cache names its photographs, so that captions
  /// of any choice can be joined to them.
  package static let codeVersion = 3
  package static let format = "captioneer.features"
  static let formatVersion = 1

  /// All that changes the output besides the inputs' content.
  package var configuration: JSONValue {
    [
      "tap": "features", "precision": .string(precision.rawValue), "grid": .bool(includesGrid),
      "preprocessing": [
        "scale": "value / 255", "mean": .array(FeatureNetwork.mean.map { .string("\($0)") }),
        "standard_deviation": .array(FeatureNetwork.standardDeviation.map { .string("\($0)") }),
      ],
    ]
  }

  /// Bytes of the cache's rows for photographs of 112 × 112 (the width of the weights is not looked at).
  package func byteCount(rows: Int) -> Int {
    rows * (1280 + (includesGrid ? 1280 * 4 * 4 : 0)) * (precision == .f32 ? 4 : 2)
  }
}

/// Rows of an images cache; reads its header only.
package func photographCount(ofImagesCache path: String) throws -> Int {
  try CacheReader(path: path, format: "captioneer.images").rows("images").rowCount
}
