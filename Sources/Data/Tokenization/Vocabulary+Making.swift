import Diagnostics
package import Files
import JSON
package import Vocabularies

extension Vocabulary {
  /// Of a vocabulary file: a million words.
  static let maximumByteCount = 16 << 20

  /// The most frequent words, ties in code point order.
  ///
  /// - Parameters:
  ///   - size: entries in all, the four special ones included; nil takes every word that is frequent enough.
  package init(_ counts: WordCounts, size: Int?, minimumCount: Int = 1) {
    let ranked = counts.ranked().prefix { $0.count >= minimumCount }
    let taken = size.map { ranked.prefix(max(0, $0 - SpecialToken.words.count)) } ?? ranked
    self.init(words: SpecialToken.words + taken.map(\.word))
  }

  /// Reads a JSON list of words, or a text file with a word on each line. Files without the four special words get them put in front.
  ///
  /// - Throws: `InputError` for other JSON, a double or empty word, or special words that don't stand first.
  package init(path: String) throws { try self.init(MappedFile(path: path)) }

  /// The same of a file that is open already.
  package init(_ file: MappedFile) throws {
    let path = file.path
    let remedy = "give a JSON list of words, or one word on each line, '<NULL>', '<START>', '<END>', '<UNK>' first"
    if let error = compressionError(file.bytes, file: path) { throw error }
    guard file.count <= Self.maximumByteCount else {
      throw InputError(
        file: path, "has \(file.count) bytes; a vocabulary has at most \(Self.maximumByteCount >> 20) MB",
        remedy: remedy)
    }
    guard let text = String(validating: file.bytes.values(at: 0, count: file.count, as: UInt8.self), as: UTF8.self)
    else {
      throw InputError(file: path, "is not UTF-8", remedy: remedy)
    }
    var words: [String]
    if text.first(where: { !$0.isWhitespace }).map({ $0 == "[" || $0 == "{" }) ?? false {
      guard let items = try JSONValue(parsing: text, file: path).array else {
        throw InputError(file: path, "is not a list of words", remedy: remedy)
      }
      words = try items.enumerated().map { index, item in
        guard let word = item.string else {
          throw InputError(file: path, at: "word \(index)", "is not a string", remedy: remedy)
        }
        return word
      }
    } else {
      // "\r\n" is one character.
      words = text.split { $0 == "\n" || $0 == "\r\n" }.map(String.init)
    }
    if !words.contains(where: SpecialToken.words.contains) { words = SpecialToken.words + words }
    guard words.starts(with: SpecialToken.words) else {
      throw InputError(file: path, "its special words don't stand first", remedy: remedy)
    }
    guard words.count > SpecialToken.words.count else { throw InputError(file: path, "has no words", remedy: remedy) }
    var seen: [String: Int] = [:]
    for (index, word) in words.enumerated() {
      guard !word.isEmpty else { throw InputError(file: path, at: "word \(index)", "is empty", remedy: remedy) }
      // C and HDF5 would cut it there.
      guard !word.utf8.contains(0) else {
        throw InputError(file: path, at: "word \(index)", "contains the character NUL", remedy: remedy)
      }
      if let first = seen.updateValue(index, forKey: word) {
        throw InputError(
          file: path, at: "word \(index)", "'\(word)' is also word \(first)", remedy: "words must differ")
      }
    }
    self.init(words: words)
  }

  /// How often each entry occurs: 0 for `<NULL>`, the number of captions for `<START>` and `<END>`, the lost words for `<UNK>`.
  package func counts(in counts: WordCounts) -> [Int64] {
    var result = [Int64](repeating: 0, count: count)
    result[Int(SpecialToken.start)] = Int64(counts.captions)
    result[Int(SpecialToken.end)] = Int64(counts.captions)
    let table = CaptionEncoder(self, length: 2).table
    for index in 0..<counts.table.count {
      result[table.value(ofWord: index, in: counts.table) ?? Int(SpecialToken.unknown)] += Int64(
        counts.table.value(index))
    }
    return result
  }

  /// Words of the file that no caption can give, because of capitals or punctuation: their rows of the embedding never learn.
  package var unreachableWords: [String] {
    words.dropFirst(SpecialToken.words.count).filter { captionWords(of: $0) != [$0] }
  }
}
