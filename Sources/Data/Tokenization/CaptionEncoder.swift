package import COCO
package import Vocabularies

/// Turns captions into rows: `<START>`, at most `length` - 2 words, `<END>`, then `<NULL>`.
package struct CaptionEncoder: Sendable {
  /// Words → tokens.
  let table: WordTable
  /// Of a row.
  package let length: Int

  package init(_ vocabulary: Vocabulary, length: Int) {
    precondition(length >= 2, "a row holds at least <START> and <END>")
    self.length = length
    var table = WordTable()
    var words = CaptionWords()
    for (token, word) in vocabulary.words.enumerated().dropFirst(SpecialToken.words.count) {
      words.split(word)
      // A word that captions can't give keeps its token and is never found.
      if words.count == 1, words.bytes[words.words[0].range].elementsEqual(word.utf8) { table.add(token, words, 0) }
    }
    self.table = table
  }

  /// The rows of a split's chosen captions `range`.
  ///
  /// - Returns: tokens [range.count, length] and lengths [range.count], `<START>` and `<END>` included.
  package func encode(_ split: DatasetSplit, _ range: Range<Int>) throws -> (tokens: [Int32], lengths: [Int32]) {
    var tokens = [Int32](repeating: SpecialToken.null, count: range.count * length)
    var lengths = [Int32](repeating: 0, count: range.count)
    var words = CaptionWords()
    var reader = CaptionReader(split)
    for (row, caption) in range.enumerated() {
      try reader.read(caption, into: &words)
      lengths[row] = write(words, into: &tokens, at: row * length)
    }
    reader.release()
    return (tokens, lengths)
  }

  /// The row of one text.
  package func encode(_ text: String) -> [Int32] {
    var words = CaptionWords()
    words.split(text)
    var tokens = [Int32](repeating: SpecialToken.null, count: length)
    _ = write(words, into: &tokens, at: 0)
    return tokens
  }

  private func write(_ words: borrowing CaptionWords, into tokens: inout [Int32], at start: Int) -> Int32 {
    let kept = min(words.count, length - 2)
    tokens[start] = SpecialToken.start
    for word in 0..<kept {
      let token = table.value(words, word)
      tokens[start + 1 + word] = token < 0 ? SpecialToken.unknown : Int32(token)
    }
    tokens[start + 1 + kept] = SpecialToken.end
    return Int32(kept + 2)
  }
}
