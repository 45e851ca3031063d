import Diagnostics
package import JSON

/// What features were made by: the weights and everything done to the photographs before. Features of equal origin mean the
/// same, whatever photographs they are of.
package struct FeatureOrigin: Equatable, Sendable {
  package static let format = "captioneer.features"

  /// SHA-256 of the network's weights by content.
  package var weights: String
  /// Where in the network they are taken.
  package var tap: JSONValue
  /// Scaling of pixel values.
  package var preprocessing: JSONValue
  /// Size, fit and resampling of the photographs.
  package var photographs: JSONValue

  private init(configuration: JSONValue, inputs: JSONValue) {
    weights = inputs["weights"]?.string ?? "unknown"
    tap = configuration["tap"] ?? .null
    preprocessing = configuration["preprocessing"] ?? .null
    photographs = configuration["photographs"] ?? .null
  }

  /// Of a features cache.
  package init(_ cache: CacheIdentity) {
    self.init(configuration: cache.configuration, inputs: cache.inputs)
  }

  /// From what `record` wrote into a checkpoint.
  package init(record: JSONValue) {
    self.init(configuration: record["configuration"] ?? .null, inputs: record["inputs"] ?? .null)
  }

  /// What a checkpoint says about the features it needs.
  package static func record(of cache: CacheReader) -> JSONValue {
    [
      "fingerprint": .string(cache.fingerprint), "configuration": cache.identity.configuration,
      "inputs": cache.identity.inputs,
    ]
  }

  /// The first field in which `other` differs, with both values.
  package func difference(from other: FeatureOrigin) -> String? {
    let fields: [(String, JSONValue, JSONValue)] = [
      ("weights", .string(weights), .string(other.weights)), ("tap", tap, other.tap),
      ("preprocessing", preprocessing, other.preprocessing), ("photographs", photographs, other.photographs),
    ]
    guard let field = fields.first(where: { $0.1.canonical != $0.2.canonical }) else { return nil }
    return "\(field.0) are \(field.1.canonical) here and \(field.2.canonical) there"
  }
}
