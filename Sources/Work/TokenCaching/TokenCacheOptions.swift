package import COCO
package import JSON

/// What the user chose about a captions cache.
package struct TokenCacheOptions: Sendable {
  /// Entries in all where the user says neither a size nor a minimum count.
  package static let usualVocabularySize = 864

  package var request: DatasetRequest
  package var output: String
  /// Of a row, `<START>` and `<END>` included.
  package var length: Int
  /// Entries in all; nil takes every word that is frequent enough.
  package var vocabularySize: Int?
  package var minimumCount: Int
  /// A file of words instead of the training split's most frequent ones.
  package var vocabularyPath: String?
  package var allowsUncaptioned: Bool
  /// Throws away what an interrupted run left.
  package var restarts: Bool

  package init(
    request: DatasetRequest, output: String, length: Int = 17, vocabularySize: Int? = usualVocabularySize,
    minimumCount: Int = 1, vocabularyPath: String? = nil, allowsUncaptioned: Bool = false,
    restarts: Bool = false
  ) {
    self.request = request
    self.output = output
    self.length = length
    self.vocabularySize = vocabularySize
    self.minimumCount = minimumCount
    self.vocabularyPath = vocabularyPath
    self.allowsUncaptioned = allowsUncaptioned
    self.restarts = restarts
  }

  /// Everything chosen that changes the file.
  package var configuration: JSONValue {
    var members: [JSONValue.Member] = [
      .init("selection", request.selection.json), .init("length", .integer(length)),
      .init("allow_uncaptioned", .bool(allowsUncaptioned)),
    ]
    if vocabularyPath != nil {
      members.append(.init("vocabulary", "file"))
    } else {
      members.append(.init("vocabulary", "training split"))
      members.append(.init("vocabulary_size", vocabularySize.map { .integer($0) } ?? "all"))
      members.append(.init("minimum_count", .integer(minimumCount)))
    }
    return .object(members)
  }
}
