import Caches
public import JSON
import MobileNetV2

/// What the user chose about features.
public struct FeatureOptions: Sendable {
  public enum Precision: String, Sendable, CaseIterable {
    case f32
    /// IEEE half, rounded to nearest, ties to even.
    case f16
  }

  public var imagesCache: String
  public var weights: String
  public var output: String
  /// The map beside its mean.
  public var includesGrid: Bool
  public var precision: Precision
  /// Throws away what an interrupted run left.
  public var restarts = false

  public init(imagesCache: String, weights: String, output: String, includesGrid: Bool, precision: Precision) {
    self.imagesCache = imagesCache
    self.weights = weights
    self.output = output
    self.includesGrid = includesGrid
    self.precision = precision
  }

  /// Raised whenever the features of the same photographs and weights change. 3: the cache names its photographs, so that captions
  /// of any choice can be joined to them.
  public static let codeVersion = 3
  public static let format = "captioneer.features"
  static let formatVersion = 1

  /// All that changes the output besides the inputs' content.
  public var configuration: JSONValue {
    [
      "tap": "features", "precision": .string(precision.rawValue), "grid": .bool(includesGrid),
      "preprocessing": [
        "scale": "value / 255", "mean": .array(FeatureNetwork.mean.map { .string("\($0)") }),
        "standard_deviation": .array(FeatureNetwork.standardDeviation.map { .string("\($0)") }),
      ],
    ]
  }

  /// Bytes of the cache's rows for photographs of 112 × 112 (the width of the weights is not looked at).
  public func byteCount(rows: Int) -> Int {
    rows * (1280 + (includesGrid ? 1280 * 4 * 4 : 0)) * (precision == .f32 ? 4 : 2)
  }
}

/// Rows of an images cache; reads its header only.
public func photographCount(ofImagesCache path: String) throws -> Int {
  try CacheReader(path: path, format: "captioneer.images").rows("images").rowCount
}
