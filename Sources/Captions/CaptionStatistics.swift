public import JSON

/// What a vocabulary and a row length lose of a split.
public struct CaptionStatistics: Sendable {
  public var split: String
  public var images: Int
  public var captions: Int
  /// Words of the captions, each as often as it occurs, those cut off included.
  public var words: Int
  public var unknownWords: Int
  public var distinctWords: Int
  public var knownDistinctWords: Int
  public var truncatedCaptions: Int
  /// The most frequent words that became `<UNK>`.
  public var lostWords: [(word: String, count: Int)]

  public init(split: String, images: Int, _ counts: WordCounts, _ encoder: CaptionEncoder, lostWordLimit: Int = 10) {
    self.split = split
    self.images = images
    captions = counts.captions
    words = counts.words
    truncatedCaptions = counts.truncatedCaptions
    distinctWords = counts.distinctWords
    var isKnown = [Bool](repeating: false, count: counts.table.count)
    (unknownWords, knownDistinctWords) = (0, 0)
    for index in isKnown.indices {
      isKnown[index] = encoder.table.value(ofWord: index, in: counts.table) != nil
      if isKnown[index] { knownDistinctWords += 1 } else { unknownWords += counts.table.value(index) }
    }
    let known = isKnown
    lostWords = Array(counts.ranked { !known[$0] }.prefix(lostWordLimit))
  }

  public var unknownRate: Double { words == 0 ? 0 : Double(unknownWords) / Double(words) }
  public var truncatedShare: Double { captions == 0 ? 0 : Double(truncatedCaptions) / Double(captions) }
  /// The share of the different words that have a token.
  public var coverage: Double { distinctWords == 0 ? 0 : Double(knownDistinctWords) / Double(distinctWords) }

  public var json: JSONValue {
    [
      "split": .string(split), "images": .integer(images), "captions": .integer(captions), "words": .integer(words),
      "unknown_words": .integer(unknownWords), "unknown_rate": .number(unknownRate),
      "truncated_captions": .integer(truncatedCaptions), "truncated_share": .number(truncatedShare),
      "distinct_words": .integer(distinctWords), "known_distinct_words": .integer(knownDistinctWords),
      "coverage": .number(coverage),
      "lost_words": .array(lostWords.map { ["word": .string($0.word), "count": .integer($0.count)] }),
    ]
  }

  /// For people.
  public var lines: [String] {
    func percent(_ share: Double) -> String {
      let hundredths = Int((share * 10000).rounded())
      return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) %"
    }
    let lost = lostWords.map { "\($0.word) \($0.count)" }.joined(separator: ", ")
    return [
      "\(split): \(captions) captions of \(images) images",
      "  unknown words     \(percent(unknownRate))  (\(unknownWords) of \(words))",
      "  truncated         \(percent(truncatedShare))  (\(truncatedCaptions) captions)",
      "  words covered     \(percent(1 - unknownRate))  with \(knownDistinctWords) of \(distinctWords) different words",
    ] + (lost.isEmpty ? [] : ["  most often lost   \(lost)"])
  }
}
