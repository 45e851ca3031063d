public import COCO
public import Diagnostics
import JSON
import Synchronization
import Workers

/// The words of a split's captions and how often each occurs.
public struct WordCounts: Sendable {
  var table = WordTable()
  public private(set) var captions = 0
  /// All words, each as often as it occurs.
  public private(set) var words = 0
  /// Captions with more words than a row holds.
  public private(set) var truncatedCaptions = 0

  init() {}

  /// - Parameters:
  ///   - wordsPerRow: a row's length less `<START>` and `<END>`.
  ///   - progress: advanced by each caption.
  public init(
    _ split: DatasetSplit, wordsPerRow: Int, threads: Int, progress: any ProgressReporter
  ) throws {
    let parts = min(threads * 4, max(1, split.captionCount / 4096))
    let counted = Mutex([WordCounts](repeating: WordCounts(), count: parts))
    try forEachIndex(parts, threads: threads) { part, _ in
      let range = split.captionCount * part / parts..<split.captionCount * (part + 1) / parts
      var own = WordCounts()
      var words = CaptionWords()
      try split.forEachCaption(in: range) { caption, bytes in
        try words.split(caption.text, in: bytes)
        for word in 0..<words.count { own.table.add(1, words, word) }
        own.words += words.count
        if words.count > wordsPerRow { own.truncatedCaptions += 1 }
      }
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
      table.add(part.table)
    }
  }

  /// How many different words there are.
  public var distinctWords: Int { table.count }

  /// Words by falling count, ties by code point order.
  func ranked(where isWanted: (_ index: Int) -> Bool = { _ in true }) -> [(word: String, count: Int)] {
    // The order of UTF-8 bytes is that of code points.
    (0..<table.count).filter(isWanted).sorted { one, other in
      let (count, otherCount) = (table.values[one], table.values[other])
      return count != otherCount
        ? count > otherCount : table.bytes(one).lexicographicallyPrecedes(table.bytes(other))
    }.map { (table.word($0), table.values[$0]) }
  }
}

extension DatasetSplit {
  /// Calls `body` with the chosen captions `range` and the file's bytes, and gives back the memory of what was read.
  func forEachCaption(in range: Range<Int>, _ body: (CaptionRecord, RawSpan) throws -> Void) throws {
    var begun: Int?
    var last = 0
    for index in range {
      let caption = annotations.caption(Int(captionIndices[index]))
      let place = caption.text.range
      do { try body(caption, annotations.bytes) } catch let error as InputError {
        throw InputError(file: annotations.path, at: "annotation \(captionIndices[index])", error.problem)
      }
      if begun == nil || place.lowerBound < begun! { begun = place.lowerBound }
      last = max(last, place.upperBound)
      if let first = begun, last - first > 1 << 20 {
        annotations.discard(first..<last)
        begun = nil
        last = 0
      }
    }
    if let first = begun { annotations.discard(first..<last) }
  }
}
