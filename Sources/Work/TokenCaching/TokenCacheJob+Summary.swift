package import JSON
package import Tokenization
package import Vocabularies

extension TokenCacheJob {
  /// What a finished file holds.
  package struct Summary: Sendable {
    package var statistics: [CaptionStatistics]
    package var vocabulary: Vocabulary
    /// The split that it was made of; nil where it came from a file.
    package var vocabularySplit: String?
    /// Words of a vocabulary file that no caption can give.
    package var unreachableWords: [String]
    package var captions: Int
    package var images: Int
    /// Tokens of a row.
    package var length: Int

    /// For people: what the vocabulary and the length lose of each split, and whose words the vocabulary has where that is not plain.
    package var lines: [String] {
      var lines = statistics.flatMap(\.lines)
      if let split = vocabularySplit, split != "train" {
        lines.append("the vocabulary is made of split '\(split)': there is none called 'train'")
      }
      return lines
    }

    /// For people: the counts.
    package var line: String { "\(captions) rows of \(length) tokens, \(images) images, \(vocabulary.count) words" }

    package var json: JSONValue {
      [
        "rows": .integer(captions), "length": .integer(length), "images": .integer(images),
        "vocabulary_size": .integer(vocabulary.count),
        "vocabulary_split": vocabularySplit.map { .string($0) } ?? .null,
        "splits": .array(statistics.map(\.json)),
        "unreachable_words": .array(unreachableWords.map { .string($0) }),
      ]
    }
  }
}
