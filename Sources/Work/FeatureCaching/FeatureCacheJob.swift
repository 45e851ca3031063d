import Caches
package import Diagnostics
import FeatureNetworks
package import JSON

/// Computes the features of every photograph in an images cache: `features.h5`, see cache/README.md.
package struct FeatureCacheJob: Sendable {
  /// Raised whenever the features of the same photographs and weights change. 3: the cache names its photographs, so that captions
  /// of any choice can be joined to them.
  package static let codeVersion = 3
  package static let format = FeatureOrigin.format

  package var options: FeatureCacheOptions

  package init(_ options: FeatureCacheOptions) { self.options = options }

  /// Rows in one block: the unit that is finished, checked and resumed.
  static let blockRows = 64

  /// The shape of an images cache's rows, [rows, 3, height, width]; reads its header only.
  ///
  /// - Throws: `InputError` for another cache, and for rows of another shape.
  package static func photographs(ofImagesCache path: String) throws -> [Int] {
    try photographs(try CacheReader(path: path, format: "captioneer.images")).shape
  }

  private static func photographs(_ images: CacheReader) throws -> MappedRows {
    let photographs = try images.rows("images")
    guard photographs.elementType == .uint8, photographs.shape.count == 4, photographs.shape[1] == 3 else {
      throw InputError(
        file: images.path, at: "dataset images",
        "has the shape \(photographs.shape), expected [rows, 3, height, width]",
        remedy: "rebuild it with decode-images")
    }
    return photographs
  }

  /// Reads every photograph of the images cache in place and writes its features.
  ///
  /// - Parameter confirm: called with the digests of what was read, before anything is published.
  /// - Throws: `InputError` for caches or weights that don't fit; `Interrupted`, after which the same call goes on.
  package func run(
    threads: Int, progress: any ProgressReporter, confirm: (JSONValue) throws -> Void = { _ in }
  ) throws -> Summary {
    let images = try CacheReader(path: options.imagesCache, format: "captioneer.images")
    let photographs = try Self.photographs(images)
    let checksums = try images.checksums("images")
    let names = try photographColumns(images)
    let weights = try FeatureWeights(path: options.weights)
    let network = try weights.network(options.network, height: photographs.shape[2], width: photographs.shape[3])
    let gridShape = [network.channels, network.gridHeight, network.gridWidth]
    let identity = identity(images: images.identity, weights: weights.digest)

    let count = photographs.rowCount
    let writer = try CacheWriter(
      path: options.output, journalIdentity: identity.fingerprint, datasets: datasets(gridShape), maximumRows: count,
      inputCount: count, inputsPerBlock: Self.blockRows, keepsBlock: { _, _ in !options.restarts })
    let finished = writer.finishedBlocks
    let resumed = finished == 0 ? 0 : writer.inputRange(ofBlock: finished - 1).upperBound
    progress.begin("features", total: count, done: resumed, unit: "images")

    let workers = (0..<max(1, threads)).map { _ in FeatureWorker(network, options) }
    try writer.forEachBlock(threads: threads, progress) { block, worker in
      let rows = writer.inputRange(ofBlock: block)
      try workers[worker].run(photographs, checksums, rows: rows, of: block, to: writer)
      photographs.discard(rows)
      progress.advance(by: rows.count)
    }
    try confirm(identity.inputs)
    try writer.publish(
      identity,
      columns: [
        NamedColumn("image_ids", .int64(try images.int64("image_ids")), description: "COCO image id of each row"),
        NamedColumn("split", .uint8(try images.uint8("split")), description: "index into the attribute splits"),
      ] + names)
    return Summary(
      rows: count, channels: network.channels, gridShape: options.includesGrid ? gridShape : nil, resumedRows: resumed,
      options: options)
  }

  private func datasets(_ gridShape: [Int]) -> [RowDataset] {
    let element: RowElement = options.precision == .f32 ? .float32 : .float16
    let pooled = RowDataset(
      "pooled", element, rowShape: [gridShape[0]], description: "mean of the map; not normalised")
    let grid = RowDataset(
      "grid", element, rowShape: gridShape, description: "MobileNetV2 features: channels, height, width")
    return options.includesGrid ? [pooled, grid] : [pooled]
  }

  /// Weights are named by their content, so that equal weights in another kind of file give the same cache.
  private func identity(images: CacheIdentity, weights: String) -> CacheIdentity {
    var members = options.configuration.members ?? []
    if let selection = images.configuration["selection"] { members.append(.init("selection", selection)) }
    // What was done to the photographs, so that loose ones can be treated alike when they are captioned.
    let photographs = ["size", "fit", "resampling"].compactMap { name in
      images.configuration[name].map { JSONValue.Member(name, $0) }
    }
    members.append(.init("photographs", .object(photographs)))
    return CacheIdentity(
      format: Self.format, formatVersion: 1, stage: "extract-features", codeVersion: Self.codeVersion,
      configuration: .object(members), inputs: ["images": .string(images.fingerprint), "weights": .string(weights)],
      splits: images.splits)
  }
}

/// What the annotations say of the photograph of each row, from the ledger, which also has those that gave no row.
private func photographColumns(_ images: CacheReader) throws -> [NamedColumn] {
  let statuses = try images.text("ledger/statuses")
  let (ids, files) = (try images.int64("ledger/image_ids"), try images.text("ledger/file_names"))
  guard try images.has("ledger/sizes") else {
    throw InputError(file: images.path, "was made by an older decode-images", remedy: "run decode-images again")
  }
  let sizes = try images.int32("ledger/sizes")
  let kept = statuses.indices.filter { statuses[$0] != "skipped" }
  guard ids.count == statuses.count, files.count == statuses.count, sizes.count == 2 * statuses.count,
    try images.int64("image_ids") == kept.map({ ids[$0] })
  else {
    throw InputError(
      file: images.path, at: "ledger", "does not belong to the rows", remedy: "rebuild it with decode-images")
  }
  return [
    NamedColumn(
      "image_files", .text(kept.map { files[$0] }), description: "file name of each photograph in the annotations"),
    NamedColumn(
      "image_sizes", .int32(kept.flatMap { [sizes[2 * $0], sizes[2 * $0 + 1]] }), shape: [kept.count, 2],
      description: "its width and height in the annotations; 0 where they don't say"),
  ]
}
