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

  /// What the annotations call an image.
  static func fileName(_ image: Int) -> String { "photo\(imageIDs[image]).jpg" }
  static func size(_ image: Int) -> [Int32] { [640, Int32(400 + image)] }

  /// Two captions an image, of two to four words.
  func writeCaptions(
    _ positions: [Int]? = nil, inputs: JSONValue = ["annotations_train": "abc"], captionsPerImage: Int = 2,
    splitNames: [String] = ["train", "val"], fileName: (Int) -> String = fileName, size: (Int) -> [Int32] = size
  ) throws {
    let positions = positions ?? Array(Self.imageIDs.indices)
    var (tokens, lengths, images, splits): ([[UInt8]], [Int32], [Int32], [UInt8]) = ([], [], [], [])
    for (place, image) in positions.enumerated() {
      for caption in 0..<captionsPerImage {
        let words = [4] + (0..<1 + (image + caption) % 3).map { Int32(5 + (3 * image + caption + $0) % 4) }
        let row = [1] + words + [2]
        lengths.append(Int32(row.count))
        tokens.append((row + [Int32](repeating: 0, count: Self.width - row.count)).flatMap { Self.bytes($0) })
        images.append(Int32(place))
        splits.append(Self.splits[image])
      }
    }
    let identity = CacheIdentity(
      format: "captioneer.captions", formatVersion: 1, stage: "tokenize-captions", codeVersion: 1,
      configuration: ["selection": ["captions_per_image": .integer(captionsPerImage)]], inputs: inputs,
      splits: splitNames)
    try write(
      captions, identity, RowDataset("tokens", .int32, rowShape: [Self.width], description: "tokens"), rows: tokens,
      [
        NamedColumn("lengths", .int32(lengths), description: "l"),
        NamedColumn("image_row", .int32(images), description: "i"),
        NamedColumn("caption_split", .uint8(splits), description: "s"),
        NamedColumn("caption_ids", .int64(lengths.indices.map { Int64($0) }), description: "c"),
        NamedColumn("image_ids", .int64(positions.map { Self.imageIDs[$0] }), description: "i"),
        NamedColumn("split", .uint8(positions.map { Self.splits[$0] }), description: "s"),
        NamedColumn("image_files", .text(positions.map(fileName)), description: "f"),
        NamedColumn("image_sizes", .int32(positions.flatMap(size)), shape: [positions.count, 2], description: "s"),
        NamedColumn("vocabulary", .text(Self.words), description: "v"),
      ])
  }

  /// Features of the images at `positions`, in that order; an image's numbers depend on the image alone.
  func writeFeatures(
    _ name: String, positions: [Int]? = nil, inputs: JSONValue = ["annotations_train": "abc"],
    splits: [String] = ["train", "val"], selection: JSONValue = ["first": 8], inSplit: UInt8? = nil,
    namesImages: Bool = true, first: Float? = nil
  ) throws -> String {
    let path = folder + "/" + name
    let positions = positions ?? Array(Self.imageIDs.indices)
    let rows = positions.map { image in
      (0..<Self.featureCount).flatMap { column in
        let value = Float((image * 31 + column * 17) % 23) / 23
        return Self.bytes((column == 0 ? first ?? value : value).bitPattern)
      }
    }
    var columns = [
      NamedColumn("image_ids", .int64(positions.map { Self.imageIDs[$0] }), description: "i"),
      NamedColumn("split", .uint8(positions.map { inSplit ?? Self.splits[$0] }), description: "s"),
    ]
    if namesImages {
      columns += [
        NamedColumn("image_files", .text(positions.map(Self.fileName)), description: "f"),
        NamedColumn(
          "image_sizes", .int32(positions.flatMap(Self.size)), shape: [positions.count, 2], description: "s"),
      ]
    }
    let identity = CacheIdentity(
      format: "captioneer.features", formatVersion: 1, stage: "extract-features", codeVersion: 1,
      configuration: ["selection": selection], inputs: inputs, splits: splits)
    try write(
      path, identity, RowDataset("pooled", .float32, rowShape: [Self.featureCount], description: "p"), rows: rows,
      columns)
    return path
  }
}
