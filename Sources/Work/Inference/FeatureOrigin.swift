import Caches
import Diagnostics
import JSON

/// What features were made by: the weights and everything done to the photographs before. Features of equal origin mean the
/// same, whatever photographs they are of.
struct FeatureOrigin: Equatable, Sendable {
  /// SHA-256 of the network's weights by content.
  var weights: String
  /// Where in the network they are taken.
  var tap: JSONValue
  /// Scaling of pixel values.
  var preprocessing: JSONValue
  /// Size, fit and resampling of the photographs.
  var photographs: JSONValue

  /// From a features cache's configuration and inputs.
  init(configuration: JSONValue, inputs: JSONValue) {
    weights = inputs["weights"]?.string ?? "unknown"
    tap = configuration["tap"] ?? .null
    preprocessing = configuration["preprocessing"] ?? .null
    photographs = configuration["photographs"] ?? .null
  }

  init(_ cache: CacheIdentity) {
    self.init(configuration: cache.configuration, inputs: cache.inputs)
  }

  /// The first field in which `other` differs, with both values.
  func difference(from other: FeatureOrigin) -> String? {
    let fields: [(String, JSONValue, JSONValue)] = [
      ("weights", .string(weights), .string(other.weights)), ("tap", tap, other.tap),
      ("preprocessing", preprocessing, other.preprocessing), ("photographs", photographs, other.photographs),
    ]
    guard let field = fields.first(where: { $0.1.canonical != $0.2.canonical }) else { return nil }
    return "\(field.0) are \(field.1.canonical) here and \(field.2.canonical) there"
  }
}
