package import Provenance

extension StageInput {
  /// A cache, known by its fingerprint: its header is read, never its rows.
  package static func cache(_ name: String, _ path: String, format: String) -> StageInput {
    var input = StageInput(
      name, [path], signature: { try fileSignature(name, path) },
      content: { _ in Content(digest: try CacheReader(path: path, format: format).fingerprint) })
    input.isCheckedWhileRead = true
    return input
  }
}

extension StageOutput {
  /// A cache, which says itself what made it.
  package static func cache(_ path: String, format: String) -> StageOutput {
    StageOutput(
      path,
      record: { try CacheReader(path: $0, format: format).identity.record },
      verify: { try CacheReader(path: $0, format: format).verifyChecksums() })
  }
}
