import Caches
import Files
import JSON
import Kernels
import Random
import Vocabularies

/// Caches such as the stages write, of random numbers: a caption for each image.
enum MadeUpCaches {
  private static let channels = 1280
  private static let width = 17
  private static let words = 864
  private static let rowsPerBlock = 1000

  /// Rows of pooled features, a thousand different ones.
  static func writeFeatures(to path: String, images: Int) throws {
    let writer = try CacheWriter(
      path: path, journalIdentity: "measure-kernels",
      datasets: [RowDataset("pooled", .float32, rowShape: [channels], description: "random numbers")],
      maximumRows: images, inputCount: images, inputsPerBlock: rowsPerBlock)
    var random = SplitMix64(seed: 4)
    let values = (0..<rowsPerBlock * channels).map { _ in Float(random.uniform()) }
    for block in writer.finishedBlocks..<writer.blockCount {
      let count = writer.inputRange(ofBlock: block).count
      try writer.commit(block: block, rowCount: count, note: "") { sink in
        try sink.append(dataset: 0, values.byteSpan.extracting(0..<count * channels * 4))
      }
    }
    try writer.publish(identity("captioneer.features"), columns: imageColumns(images))
  }

  /// Caption lengths as COCO's: about N(10.5, 2) words.
  static func writeCaptions(to path: String, count: Int) throws {
    var random = SplitMix64(seed: 2)
    var (tokens, lengths): ([Int32], [Int32]) = ([], [])
    // Zipf's law over the ordinary words, by its inverse: word k with probability about 1 / (k ln 860).
    for _ in 0..<count {
      let length = min(15, max(6, Int((10.5 + 2 * random.normal()).rounded())))
      let ordinary = (0..<length).map { _ in 4 + Int32(min(859, power(860, random.uniform()) - 1)) }
      let row = [SpecialToken.start] + ordinary + [SpecialToken.end]
      lengths.append(Int32(row.count))
      tokens += row + [Int32](repeating: SpecialToken.null, count: width - row.count)
    }
    let writer = try CacheWriter(
      path: path, journalIdentity: "measure-kernels",
      datasets: [RowDataset("tokens", .int32, rowShape: [width], description: "random words")], maximumRows: count,
      inputCount: count, inputsPerBlock: count)
    try writer.commit(block: 0, rowCount: count, note: "") { try $0.append(dataset: 0, tokens.byteSpan) }
    let vocabulary = SpecialToken.words + (SpecialToken.words.count..<words).map { "w\($0)" }
    try writer.publish(
      identity("captioneer.captions"),
      columns: [
        NamedColumn("lengths", .int32(lengths), description: "tokens of each row"),
        NamedColumn("image_row", .int32((0..<Int32(count)).map { $0 }), description: "row of each caption's image"),
        NamedColumn("caption_split", .uint8([UInt8](repeating: 0, count: count)), description: "split"),
        NamedColumn("vocabulary", .text(vocabulary), description: "the word of each token"),
      ] + imageColumns(count))
  }

  private static func identity(_ format: String) -> CacheIdentity {
    CacheIdentity(
      format: format, formatVersion: 1, stage: "measure-kernels", codeVersion: 1, configuration: [:], inputs: [:],
      splits: ["train"])
  }

  private static func imageColumns(_ count: Int) -> [NamedColumn] {
    [
      NamedColumn("image_ids", .int64((0..<Int64(count)).map { $0 }), description: "row numbers"),
      NamedColumn("split", .uint8([UInt8](repeating: 0, count: count)), description: "split"),
      NamedColumn("image_files", .text((0..<count).map { "\($0).jpg" }), description: "file names"),
      NamedColumn(
        "image_sizes", .int32([Int32](repeating: 0, count: 2 * count)), shape: [count, 2], description: "not known"),
    ]
  }

  /// base^exponent for exponents in 0 ... 1, by square roots.
  private static func power(_ base: Double, _ exponent: Double) -> Double {
    var (result, root, rest) = (1.0, base, exponent)
    for _ in 0..<40 {
      root = root.squareRoot()
      rest *= 2
      if rest >= 1 {
        result *= root
        rest -= 1
      }
    }
    return result
  }
}
