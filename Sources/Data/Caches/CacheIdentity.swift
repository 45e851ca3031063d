import Digests
package import JSON
package import Provenance

/// What a cache is and what made it: enough to say whether two caches belong together.
package struct CacheIdentity: Sendable, Equatable {
  /// `captioneer.images`
  package var format: String
  package var formatVersion: Int
  package var record: StageRecord

  package var configuration: JSONValue { record.configuration }
  package var inputs: JSONValue { record.inputs }
  /// Names of the splits; `split` columns index them.
  package var splits: [String] { record.splits ?? [] }

  package init(
    format: String, formatVersion: Int, stage: String, codeVersion: Int, configuration: JSONValue, inputs: JSONValue,
    splits: [String]
  ) {
    self.format = format
    self.formatVersion = formatVersion
    record = StageRecord(
      stage: stage, codeVersion: codeVersion, configuration: configuration, inputs: inputs, splits: splits)
  }

  /// SHA-256 over the canonical JSON of all of the above.
  package var fingerprint: String {
    let cache: [JSONValue.Member] = [
      .init("format", .string(format)), .init("format_version", .integer(formatVersion)),
    ]
    return sha256(JSONValue.object(cache + record.members).canonical)
  }
}
