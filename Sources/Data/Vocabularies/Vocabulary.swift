/// Words and their tokens: those of `SpecialToken`, then words by falling count.
package struct Vocabulary: Sendable, Equatable {
  /// Index = token; the four special words stand first.
  package let words: [String]
  private let tokens: [String: Int32]

  /// - Parameter words: all of them, the special ones first.
  package init(words: [String]) {
    precondition(words.starts(with: SpecialToken.words), "a vocabulary begins with its four special words")
    self.words = words
    tokens = Dictionary(zip(words, 0...), uniquingKeysWith: { first, _ in first })
  }

  package static func == (one: Vocabulary, other: Vocabulary) -> Bool { one.words == other.words }

  package var count: Int { words.count }

  /// The word of a token; `<UNK>` for numbers outside the vocabulary.
  package subscript(token: Int32) -> String {
    words.indices.contains(Int(token)) ? words[Int(token)] : words[Int(SpecialToken.unknown)]
  }

  /// The token of a word; `<UNK>` for words that the vocabulary lacks.
  package func token(of word: String) -> Int32 { tokens[word] ?? SpecialToken.unknown }

  /// The words of a row, joined by spaces: up to `<END>`, without `<NULL>` and `<START>`.
  package func decode(tokens: some Sequence<Int32>) -> String {
    var text: [String] = []
    for token in tokens {
      if token == SpecialToken.end { break }
      if token != SpecialToken.null && token != SpecialToken.start { text.append(self[token]) }
    }
    return text.joined(separator: " ")
  }
}
