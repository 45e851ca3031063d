import COCO
import Diagnostics
import Testing
import Tokenization

@Suite struct WordTableTests {
  private static let count = 200_000

  /// Words of eight letters that a hash without a secret sends to one 256th of the table, so that each would be looked for among all.
  private static let crafted: [String] = {
    // Of four letters, the first in the lowest byte.
    let quarters = (0..<26 * 26 * 26 * 26).map { (number: Int) -> UInt64 in
      var (letters, rest): (UInt64, Int) = (0, number)
      for place in 0..<4 {
        letters |= UInt64(97 + rest % 26) << UInt64(8 * place)
        rest /= 26
      }
      return letters
    }
    var words: [String] = []
    for second in quarters {
      for first in quarters {
        let word = first | second << 32
        var hash = (word ^ 8) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ (hash >> 29)) &* 0xD6E8_FEB8_6659_FD93
        guard hash >> 56 == 0 else { continue }
        let letters = (0..<8).map { (place: Int) in UInt8(truncatingIfNeeded: word >> UInt64(8 * place)) }
        words.append(String(decoding: letters, as: UTF8.self))
        if words.count == count { return words }
      }
    }
    return words
  }()

  @Test func noFileCanMakeWordsCollide() throws {
    let words = Self.crafted
    let captions = stride(from: 0, to: words.count, by: 500).map { words[$0..<$0 + 500].joined(separator: " ") }
    let counts = try WordCounts(
      try loadSplit(captions), wordsPerRow: 500, threads: 1, progress: SilentProgress())
    #expect(counts.distinctWords == Self.count)
    #expect(counts.words == Self.count)
    // Twice as many slots as words or more: one and a half are looked at to find one.
    #expect(counts.probes < 3 * words.count)
  }
}
