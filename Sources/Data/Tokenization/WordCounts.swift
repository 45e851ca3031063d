package import COCO
package import Diagnostics
import JSON
import Synchronization
import Workers

/// The words of a split's captions and how often each occurs.
package struct WordCounts: Sendable {
  var table = WordTable()
  package private(set) var captions = 0
  /// All words, each as often as it occurs.
  package private(set) var words = 0
  /// Captions with more words than a row holds.
  package private(set) var truncatedCaptions = 0

  init() {}

  /// - Parameters:
  ///   - wordsPerRow: a row's length less `<START>` and `<END>`.
  ///   - progress: advanced by each caption.
  package init(
    _ split: DatasetSplit, wordsPerRow: Int, threads: Int, progress: any ProgressReporter
  ) throws {
    let parts = min(threads * 4, max(1, split.captionCount / 4096))
    let counted = Mutex([WordCounts](repeating: WordCounts(), count: parts))
    try forEachIndex(parts, threads: threads) { part, _ in
      let range = split.captionCount * part / parts..<split.captionCount * (part + 1) / parts
      var own = WordCounts()
      var words = CaptionWords()
      var reader = CaptionReader(split)
      for caption in range {
        try reader.read(caption, into: &words)
        guard own.table.hasRoom() else { throw Self.tooMany(split) }
        for word in 0..<words.count { own.table.add(1, words, word) }
        own.words += words.count
        if words.count > wordsPerRow { own.truncatedCaptions += 1 }
      }
      reader.release()
      own.captions = range.count
      let result = own
      counted.withLock { $0[part] = result }
      progress.advance(by: range.count)
      if progress.isCancelled { throw Interrupted() }
    }
    for part in counted.withLock({ $0 }) {
      captions += part.captions
      words += part.words
      truncatedCaptions += part.truncatedCaptions
      guard table.hasRoom(for: part.table) else { throw Self.tooMany(split) }
      table.add(part.table)
    }
  }

  private static func tooMany(_ split: DatasetSplit) -> InputError {
    InputError(file: split.annotations.path, "has more than 2 GB of different words", remedy: "give captions")
  }

  /// How many different words there are.
  package var distinctWords: Int { table.count }

  /// Places that are looked at when each different word is looked up once.
  package var probes: Int { table.probes }

  /// Words by falling count, ties by code point order.
  func ranked(where isWanted: (_ index: Int) -> Bool = { _ in true }) -> [(word: String, count: Int)] {
    // The order of UTF-8 bytes is that of code points.
    (0..<table.count).filter(isWanted).sorted { one, other in
      let (count, otherCount) = (table.value(one), table.value(other))
      return count != otherCount
        ? count > otherCount : table.bytes(one).lexicographicallyPrecedes(table.bytes(other))
    }.map { (table.word($0), table.value($0)) }
  }
}

/// Reads a split's captions and gives back the memory of the file's pages that were read.
struct CaptionReader {
  private let split: DatasetSplit
  private var first = Int.max
  private var last = 0

  init(_ split: DatasetSplit) { self.split = split }

  /// Splits the chosen caption `index` into words.
  mutating func read(_ index: Int, into words: inout CaptionWords) throws {
    let text = split.annotations.text(ofCaption: Int(split.captionIndices[index]))
    do { try words.split(text, in: split.annotations.bytes) } catch let error as InputError {
      throw InputError(file: split.annotations.path, at: "annotation \(split.captionIndices[index])", error.problem)
    }
    first = min(first, text.range.lowerBound)
    last = max(last, text.range.upperBound)
    if last - first > 1 << 19 { release() }
  }

  mutating func release() {
    if first < last { split.annotations.discard(first..<last) }
    first = Int.max
    last = 0
  }
}
