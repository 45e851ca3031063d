/// The tokens with a fixed meaning: they stand first in every vocabulary, and nothing else says their numbers or their spelling.
package enum SpecialToken {
  /// `<NULL>` fills a row after its caption's end.
  package static let null: Int32 = 0
  /// `<START>` begins every caption.
  package static let start: Int32 = 1
  /// `<END>` ends it.
  package static let end: Int32 = 2
  /// `<UNK>` stands for words that the vocabulary lacks.
  package static let unknown: Int32 = 3

  /// Their spelling, by number.
  package static let words = ["<NULL>", "<START>", "<END>", "<UNK>"]
}
