import Digests
package import JSON

/// What a cache is and what made it: enough to say whether two caches belong together.
package struct CacheIdentity: Sendable, Equatable {
  /// `captioneer.images`
  package var format: String
  package var formatVersion: Int
  /// The executable that made it.
  package var stage: String
  /// Raised whenever the stage's bytes change for the same configuration and inputs.
  package var codeVersion: Int
  /// Everything the user chose that changes the content.
  package var configuration: JSONValue
  /// Name → fingerprint of everything that was read.
  package var inputs: JSONValue
  /// Names of the splits; `split` columns index them.
  package var splits: [String]

  package init(
    format: String, formatVersion: Int, stage: String, codeVersion: Int, configuration: JSONValue, inputs: JSONValue,
    splits: [String]
  ) {
    self.format = format
    self.formatVersion = formatVersion
    self.stage = stage
    self.codeVersion = codeVersion
    self.configuration = configuration
    self.inputs = inputs
    self.splits = splits
  }

  private var json: JSONValue {
    [
      "format": .string(format), "format_version": .integer(formatVersion), "stage": .string(stage),
      "code_version": .integer(codeVersion), "configuration": configuration, "inputs": inputs,
      "splits": .array(splits.map { .string($0) }),
    ]
  }

  /// SHA-256 over the canonical JSON of all of the above.
  package var fingerprint: String { sha256(json.canonical) }

  /// The first field in which two identities differ, with both values; nil where they are equal.
  package func difference(from other: CacheIdentity) -> String? {
    Self.difference(json, other.json, path: "")
  }

  private static func difference(_ one: JSONValue, _ other: JSONValue, path: String) -> String? {
    if one.canonical == other.canonical { return nil }
    guard let members = one.members, let others = other.members else {
      return "\(path) is \(one.canonical) here and \(other.canonical) there"
    }
    for member in members {
      let inner = path.isEmpty ? member.key : "\(path).\(member.key)"
      guard let value = other[member.key] else { return "\(inner) is \(member.value.canonical) here and missing there" }
      if let found = difference(member.value, value, path: inner) { return found }
    }
    for member in others where one[member.key] == nil {
      let inner = path.isEmpty ? member.key : "\(path).\(member.key)"
      return "\(inner) is missing here and \(member.value.canonical) there"
    }
    return nil
  }
}
