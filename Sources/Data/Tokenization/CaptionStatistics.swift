package import JSON

/// What a vocabulary and a row length lose of a split.
package struct CaptionStatistics: Sendable {
  package var split: String
  package var images: Int
  package var captions: Int
  /// Words of the captions, each as often as it occurs, those cut off included.
  package var words: Int
  package var unknownWords: Int
  package var distinctWords: Int
  package var knownDistinctWords: Int
  package var truncatedCaptions: Int
  /// The most frequent words that became `<UNK>`.
  package var lostWords: [(word: String, count: Int)]

  package init(split: String, images: Int, _ counts: WordCounts, _ encoder: CaptionEncoder, lostWordLimit: Int = 10) {
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

  package var unknownRate: Double { words == 0 ? 0 : Double(unknownWords) / Double(words) }
  package var truncatedShare: Double { captions == 0 ? 0 : Double(truncatedCaptions) / Double(captions) }
  /// The share of the different words that have a token.
  package var coverage: Double { distinctWords == 0 ? 0 : Double(knownDistinctWords) / Double(distinctWords) }

  package var json: JSONValue {
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
  package var lines: [String] {
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
