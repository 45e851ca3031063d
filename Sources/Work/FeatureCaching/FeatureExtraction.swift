import Caches
package import Diagnostics
import Digests
import FeatureNetworks
import Files
import HDF5
package import JSON
import Kernels
import Synchronization
import Weights
import Workers

/// What extraction made.
package struct FeatureSummary: Sendable {
  package var rows: Int
  /// Of the pooled features; the map has as many.
  package var channels: Int
  /// [channels, height, width] of the map, where it was asked for.
  package var gridShape: [Int]?
  /// Rows that an earlier, stopped run had finished.
  package var resumedRows: Int
}

/// Rows in one block: the unit that is finished, checked and resumed.
private let blockRows = 64

/// Reads every photograph of an images cache in place and writes its features.
///
/// - Parameter confirm: called with the digests of what was read, before anything is published.
/// - Throws: `InputError` for caches or weights that don't fit; `Interrupted`, after which the same call goes on.
package func extractFeatures(
  _ options: FeatureOptions, threads: Int, progress: any ProgressReporter,
  confirm: (JSONValue) throws -> Void = { _ in }
) throws -> FeatureSummary {
  let images = try CacheReader(path: options.imagesCache, format: "captioneer.images")
  let photographs = try images.rows("images")
  guard photographs.elementType == .uint8, photographs.shape.count == 4, photographs.shape[1] == 3 else {
    throw InputError(
      file: options.imagesCache, at: "dataset images",
      "has the shape \(photographs.shape), expected [rows, 3, height, width]",
      remedy: "rebuild it with decode-images")
  }
  let checksums = try images.checksums("images")
  let names = try photographColumns(images)

  let tensors = try loadWeights(path: options.weights)
  let network = try FeatureNetwork(
    weights: tensors, file: options.weights, height: photographs.shape[2], width: photographs.shape[3])
  let gridShape = [network.channels, network.gridHeight, network.gridWidth]
  let identity = identity(options, images: images.identity, weights: contentDigest(of: tensors), gridShape: gridShape)

  let element: ElementType = options.precision == .f32 ? .float32 : .float16
  var datasets = [
    RowDataset("pooled", element, rowShape: [network.channels], description: "mean of the map; not normalised")
  ]
  if options.includesGrid {
    datasets.append(
      RowDataset("grid", element, rowShape: gridShape, description: "MobileNetV2 features: channels, height, width"))
  }
  let count = photographs.rowCount
  let writer = try CacheWriter(
    path: options.output, journalIdentity: identity.fingerprint, datasets: datasets, maximumRows: count,
    inputCount: count, inputsPerBlock: blockRows, keepsBlock: { _, _ in !options.restarts })
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
  return FeatureSummary(
    rows: count, channels: network.channels, gridShape: options.includesGrid ? gridShape : nil, resumedRows: resumed)
}

/// Weights are named by their content, so that equal weights in another kind of file give the same cache.
private func identity(
  _ options: FeatureOptions, images: CacheIdentity, weights: String, gridShape: [Int]
) -> CacheIdentity {
  var members = options.configuration.members ?? []
  if let selection = images.configuration["selection"] { members.append(.init("selection", selection)) }
  // What was done to the photographs, so that loose ones can be treated alike when they are captioned.
  let photographs = ["size", "fit", "resampling"].compactMap { name in
    images.configuration[name].map { JSONValue.Member(name, $0) }
  }
  members.append(.init("photographs", .object(photographs)))
  return CacheIdentity(
    format: FeatureOptions.format, formatVersion: FeatureOptions.formatVersion, stage: "extract-features",
    codeVersion: FeatureOptions.codeVersion, configuration: .object(members),
    inputs: ["images": .string(images.fingerprint), "weights": .string(weights)], splits: images.splits)
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

/// One thread's network workspace and finished rows.
private final class FeatureWorker: Sendable {
  private struct State: ~Copyable {
    var workspace: FeatureWorkspace
    var pooled: [Float]  // [block rows, channels]
    var grid: [Float]  // [block rows, channels, grid height, grid width]
    var halves: [UInt16]
  }
  private let network: FeatureNetwork
  private let includesGrid: Bool
  private let isHalf: Bool
  private let state: Mutex<State>

  init(_ network: FeatureNetwork, _ options: FeatureOptions) {
    self.network = network
    includesGrid = options.includesGrid
    isHalf = options.precision == .f16
    let gridCount = options.includesGrid ? blockRows * network.channels * network.gridPixels : 0
    let halfCount = options.precision == .f16 ? max(gridCount, blockRows * network.channels) : 0
    state = Mutex(
      State(
        workspace: FeatureWorkspace(network), pooled: [Float](repeating: 0, count: blockRows * network.channels),
        grid: [Float](repeating: 0, count: gridCount), halves: [UInt16](repeating: 0, count: halfCount)))
  }

  func run(
    _ photographs: MappedRows, _ checksums: [UInt32], rows: Range<Int>, of block: Int, to writer: CacheWriter
  ) throws {
    try state.withLock { state throws in
      for begin in stride(from: rows.lowerBound, to: rows.upperBound, by: FeatureNetwork.groupSize) {
        let images = min(FeatureNetwork.groupSize, rows.upperBound - begin)
        let size = photographs.rowByteCount
        let pixels = photographs.rows(begin..<begin + images).values(at: 0, count: images * size, as: UInt8.self)
        for index in 0..<images {
          try photographs.confirm(
            pixels.byteSpan.extracting(index * size..<(index + 1) * size), isRow: begin + index, checksums)
        }
        network.run(pixels.byteSpan, images: images, in: &state.workspace)
        for index in 0..<images {
          let row = begin - rows.lowerBound + index
          network.pooled(index, in: state.workspace, into: &state.pooled, at: row * network.channels)
          if includesGrid {
            network.grid(
              index, in: state.workspace, into: &state.grid, at: row * network.channels * network.gridPixels)
          }
        }
      }
      try writer.commit(block: block, rowCount: rows.count, note: "") { sink throws in
        try append(state.pooled, count: rows.count * network.channels, halves: &state.halves, to: &sink, dataset: 0)
        if includesGrid {
          let count = rows.count * network.channels * network.gridPixels
          try append(state.grid, count: count, halves: &state.halves, to: &sink, dataset: 1)
        }
      }
    }
  }

  private func append(
    _ values: [Float], count: Int, halves: inout [UInt16], to sink: inout BlockSink, dataset: Int
  ) throws {
    if isHalf {
      FloatConversion.narrowToHalves(values, count: count, into: &halves)
      try sink.append(dataset: dataset, halves.byteSpan.extracting(0..<count * 2))
    } else {
      try sink.append(dataset: dataset, values.byteSpan.extracting(0..<count * 4))
    }
  }
}
