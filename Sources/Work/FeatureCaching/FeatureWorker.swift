import Caches
import FeatureNetworks
import Files
import Kernels
import Synchronization

/// One thread's extractor and the rows of a block.
final class FeatureWorker: Sendable {
  private struct State {
    let extractor: FeatureExtractor
    var halves: [UInt16]
  }
  private let network: any FeatureNetwork
  private let includesGrid: Bool
  private let isHalf: Bool
  private let state: Mutex<State>

  init(_ network: any FeatureNetwork, _ options: FeatureCacheOptions) {
    self.network = network
    includesGrid = options.includesGrid
    isHalf = options.precision == .f16
    let rows = FeatureCacheJob.blockRows
    let largest = rows * network.channels * (options.includesGrid ? network.gridPixels : 1)
    state = Mutex(
      State(
        extractor: FeatureExtractor(network, rows: rows, includesGrid: options.includesGrid),
        halves: [UInt16](repeating: 0, count: options.precision == .f16 ? largest : 0)))
  }

  /// Describes the photographs `rows` and writes them as one block.
  func run(
    _ photographs: MappedRows, _ checksums: [UInt32], rows: Range<Int>, of block: Int, to writer: CacheWriter
  ) throws {
    try state.withLock { state throws in
      for group in FeatureExtractor.groups(of: rows, for: network) {
        let size = photographs.rowByteCount
        let pixels = photographs.rows(group).values(at: 0, count: group.count * size, as: UInt8.self)
        for index in 0..<group.count {
          try photographs.confirm(
            pixels.byteSpan.extracting(index * size..<(index + 1) * size), isRow: group.lowerBound + index, checksums)
        }
        state.extractor.describe(pixels.byteSpan, images: group.count, row: group.lowerBound - rows.lowerBound)
      }
      try writer.commit(block: block, rowCount: rows.count, note: "") { sink throws in
        let count = rows.count * network.channels
        try append(state.extractor.pooled, count: count, halves: &state.halves, to: &sink, dataset: 0)
        if includesGrid {
          try append(
            state.extractor.grid, count: count * network.gridPixels, halves: &state.halves, to: &sink, dataset: 1)
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
