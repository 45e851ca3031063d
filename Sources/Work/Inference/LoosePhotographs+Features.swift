package import Diagnostics
package import FeatureNetworks
import Files
package import Images
import Workers

/// What a photograph came to: its pooled features [channels], or why there are none.
package struct DescribedPhotograph: Sendable {
  package var features: [Float] = []
  package var failure: String?
}

extension LoosePhotographs {
  /// Decodes and describes the files of `range`, a group of the network's at a time, as decode-images and extract-features do.
  ///
  /// - Returns: one for each file, in their order.
  /// - Throws: what the machine fails at; `Interrupted`.
  package func features(
    _ range: Range<Int>, _ network: any FeatureNetwork, _ options: ImageOptions, threads: Int,
    progress: any ProgressReporter
  ) throws -> [DescribedPhotograph] {
    let described = Slots<DescribedPhotograph>(range.count, empty: DescribedPhotograph())
    // Blocks as large as leaves every thread one: a reader and a workspace are made for each.
    let size = max(1, min(64, (range.count + threads - 1) / threads))
    try forEachIndex((range.count + size - 1) / size, threads: threads) { block, _ in
      let reader = PhotographReader(options)
      let extractor = FeatureExtractor(network, rows: network.groupSize)
      var pixels = [UInt8](repeating: 0, count: network.groupSize * reader.byteCount)
      var members: [Int] = []
      func flush() {
        if members.isEmpty { return }
        extractor.describe(pixels.byteSpan, images: members.count, row: 0)
        for (place, index) in members.enumerated() {
          let features = extractor.pooled[place * network.channels..<(place + 1) * network.channels]
          described.set(index, DescribedPhotograph(features: Array(features)))
        }
        members.removeAll(keepingCapacity: true)
      }
      for index in block * size..<min(range.count, (block + 1) * size) {
        if progress.isCancelled { throw Interrupted() }
        let outcome = try reader.read(
          files[range.lowerBound + index], of: .anywhere, into: &pixels, at: members.count)
        switch outcome {
        case .skipped(let reason): described.set(index, DescribedPhotograph(failure: reason))
        case nil: described.set(index, DescribedPhotograph(failure: "file not there"))
        case .ok, .recovered: members.append(index)
        }
        if members.count == network.groupSize { flush() }
        progress.advance(by: 1)
      }
      flush()
    }
    return described.values
  }
}
