import Caches
import Diagnostics
import Files
import JSON

/// A captions and a features cache of a few images, as the stages would write them.
struct SmallCaches {
  static let imageIDs: [Int64] = [70, 10, 50, 30, 20, 90, 60, 40]
  /// 0: train, 1: val
  static let splits: [UInt8] = [0, 0, 0, 0, 0, 0, 1, 1]
  static let words = ["<NULL>", "<START>", "<END>", "<UNK>", "a", "red", "blue", "circle", "square"]
  static let width = 6
  static let featureCount = 12

  var folder: String
  var captions: String { folder + "/captions.h5" }

  private func write(
    _ path: String, _ identity: CacheIdentity, _ dataset: RowDataset, rows: [[UInt8]], _ columns: [NamedColumn]
  ) throws {
    let writer = try CacheWriter(
      path: path, journalIdentity: "test", datasets: [dataset], maximumRows: rows.count, inputCount: rows.count,
      inputsPerBlock: rows.count)
    let bytes = rows.flatMap { $0 }
    try writer.commit(block: 0, rowCount: rows.count, note: "") { try $0.append(dataset: 0, bytes.byteSpan) }
    try writer.publish(identity, columns: columns)
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// Two captions an image, of two to four words.
  func writeCaptions(inputs: JSONValue = ["annotations_train": "abc"]) throws {
    var (tokens, lengths, images, splits): ([[UInt8]], [Int32], [Int32], [UInt8]) = ([], [], [], [])
    for image in Self.imageIDs.indices {
      for caption in 0..<2 {
        let words = [4] + (0..<1 + (image + caption) % 3).map { Int32(5 + (3 * image + caption + $0) % 4) }
        let row = [1] + words + [2]
        lengths.append(Int32(row.count))
        tokens.append((row + [Int32](repeating: 0, count: Self.width - row.count)).flatMap { Self.bytes($0) })
        images.append(Int32(image))
        splits.append(Self.splits[image])
      }
    }
    let identity = CacheIdentity(
      format: "captioneer.captions", formatVersion: 1, stage: "tokenize-captions", codeVersion: 1,
      configuration: ["selection": ["first": 8]], inputs: inputs, splits: ["train", "val"])
    try write(
      captions, identity, RowDataset("tokens", .int32, rowShape: [Self.width], description: "tokens"), rows: tokens,
      [
        NamedColumn("lengths", .int32(lengths), description: "l"),
        NamedColumn("image_row", .int32(images), description: "i"),
        NamedColumn("caption_split", .uint8(splits), description: "s"),
        NamedColumn("caption_ids", .int64(lengths.indices.map { Int64($0) }), description: "c"),
        NamedColumn("image_ids", .int64(Self.imageIDs), description: "i"),
        NamedColumn("split", .uint8(Self.splits), description: "s"),
        NamedColumn("vocabulary", .text(Self.words), description: "v"),
      ])
  }

  /// Features of the images at `positions`, in that order; an image's numbers depend on the image alone.
  func writeFeatures(
    _ name: String, positions: [Int]? = nil, inputs: JSONValue = ["annotations_train": "abc"],
    splits: [String] = ["train", "val"], selection: JSONValue = ["first": 8], inSplit: UInt8? = nil
  ) throws -> String {
    let path = folder + "/" + name
    let positions = positions ?? Array(Self.imageIDs.indices)
    let rows = positions.map { image in
      (0..<Self.featureCount).flatMap { Self.bytes((Float((image * 31 + $0 * 17) % 23) / 23).bitPattern) }
    }
    let identity = CacheIdentity(
      format: "captioneer.features", formatVersion: 1, stage: "extract-features", codeVersion: 1,
      configuration: ["selection": selection], inputs: inputs, splits: splits)
    try write(
      path, identity, RowDataset("pooled", .float32, rowShape: [Self.featureCount], description: "p"), rows: rows,
      [
        NamedColumn("image_ids", .int64(positions.map { Self.imageIDs[$0] }), description: "i"),
        NamedColumn("split", .uint8(positions.map { inSplit ?? Self.splits[$0] }), description: "s"),
      ])
    return path
  }
}
