import COCO
import Caches
import Diagnostics
import Files
import JSON
import Synchronization
import Tokenization
import Vocabularies
import Workers

extension TokenCacheJob {
  /// Captions of one split that are written together.
  private struct Block {
    var split: Int
    var captions: Range<Int>
    /// Of the first in the file.
    var row: Int
  }

  private static let captionsPerBlock = 8192

  func write(
    _ dataset: Dataset, _ encoder: CaptionEncoder, _ vocabulary: Vocabulary, _ wordCounts: [Int64],
    _ identity: CacheIdentity, _ threads: Int, _ progress: any ProgressReporter, confirm: () throws -> Void
  ) throws {
    let count = dataset.splits.reduce(0) { $0 + $1.captionCount }
    try FileSystem.makeFolder(FileSystem.folder(of: options.output))
    let writer = try CacheWriter(
      path: options.output, journalIdentity: identity.fingerprint,
      datasets: [
        RowDataset(
          "tokens", .int32, rowShape: [options.length],
          description: "<START>, words, <END>, then <NULL>; indices of 'vocabulary'")
      ], maximumRows: count, inputCount: count, inputsPerBlock: Self.captionsPerBlock,
      keepsBlock: { _, _ in !options.restarts })
    progress.begin("writing rows", total: count, done: 0, unit: "captions")
    let lengths = Mutex([Int32](repeating: 0, count: count))
    let firstRows = dataset.splits.reduce(into: [0]) { $0.append($0.last! + $1.captionCount) }
    try writer.forEachBlock(threads: threads, progress, includesFinished: true) { block, _ in
      let rows = writer.inputRange(ofBlock: block)
      var tokens: [Int32] = []
      var blockLengths: [Int32] = []
      for (index, split) in dataset.splits.enumerated() {
        let part = rows.clamped(to: firstRows[index]..<firstRows[index + 1])
        guard !part.isEmpty else { continue }
        let (some, someLengths) = try encoder.encode(
          split, part.lowerBound - firstRows[index]..<part.upperBound - firstRows[index])
        tokens = tokens.isEmpty ? some : tokens + some
        blockLengths += someLengths
      }
      let found = blockLengths
      lengths.withLock { $0.replaceSubrange(rows, with: found) }
      // A block that an interrupted run finished is in the file already; only its lengths were missing.
      if block >= writer.finishedBlocks {
        try writer.commit(block: block, rowCount: rows.count, note: "") { sink in
          try sink.append(dataset: 0, tokens.byteSpan)
        }
      }
      progress.advance(by: rows.count)
    }
    try confirm()
    try writer.publish(
      identity, columns: try Self.columns(dataset, vocabulary, wordCounts, lengths.withLock { $0 }))
  }

  private static func columns(
    _ dataset: Dataset, _ vocabulary: Vocabulary, _ wordCounts: [Int64], _ lengths: [Int32]
  ) throws -> [NamedColumn] {
    let images = try dataset.splits.flatMap { try $0.images() }
    var (captionIDs, imageRows, captionSplits): ([Int64], [Int32], [UInt8]) = ([], [], [])
    var (imageIDs, imageSplits): ([Int64], [UInt8]) = ([], [])
    captionIDs.reserveCapacity(lengths.count)
    imageRows.reserveCapacity(lengths.count)
    for (index, split) in dataset.splits.enumerated() {
      var row = [Int32](repeating: -1, count: split.annotations.imageCount)
      for (offset, image) in split.imageIndices.enumerated() { row[image] = Int32(imageIDs.count + offset) }
      for position in split.captionIndices {
        let caption = split.annotations.caption(Int(position))
        captionIDs.append(caption.id)
        imageRows.append(row[caption.imageIndex])
      }
      captionSplits += [UInt8](repeating: UInt8(index), count: split.captionCount)
      imageIDs += split.imageIDs
      imageSplits += [UInt8](repeating: UInt8(index), count: split.imageCount)
    }
    return [
      NamedColumn("lengths", .int32(lengths), description: "tokens of each row, <START> and <END> included"),
      NamedColumn("caption_ids", .int64(captionIDs), description: "id of each caption in its annotation file"),
      NamedColumn("image_row", .int32(imageRows), description: "row of each caption's image in 'image_ids'"),
      NamedColumn("caption_split", .uint8(captionSplits), description: "split of each caption, index of 'splits'"),
      NamedColumn("image_ids", .int64(imageIDs), description: "COCO image id of each image"),
      NamedColumn("split", .uint8(imageSplits), description: "split of each image, index of 'splits'"),
      NamedColumn(
        "image_files", .text(images.map(\.fileName)), description: "file name of each image in its annotation file"),
      NamedColumn(
        "image_sizes",
        .int32(images.flatMap { [Int32(clamping: $0.width ?? 0), Int32(clamping: $0.height ?? 0)] }),
        shape: [images.count, 2], description: "its width and height there; 0 where the file doesn't say"),
      NamedColumn("vocabulary", .text(vocabulary.words), description: "the word of each token"),
      NamedColumn(
        "word_counts", .int64(wordCounts), description: "how often each word occurs in the training split's captions"),
    ]
  }
}
