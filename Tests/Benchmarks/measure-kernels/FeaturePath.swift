import FeatureNetworks
import Files
import Images
import Random
import Synchronization
import Workers

/// Pooled features of random photographs.
final class FeaturePath: Sendable {
  private let network: any FeatureNetwork
  private let photographs: [UInt8]
  private let groups: [Range<Int>]

  init(weights: String, images: Int) throws {
    let size = ImageOptions().size
    network = try FeatureWeights(path: weights).network(.standard, height: size, width: size)
    var random = SplitMix64(seed: 1)
    photographs = (0..<images * network.photographByteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    groups = FeatureExtractor.groups(of: 0..<images, for: network)
  }

  func run(threads: Int) throws -> Int {
    let next = Atomic<Int>(0)
    try forEachIndex(threads, threads: threads) { _, _ in
      let photographs = self.photographs
      let bytes = self.network.photographByteCount
      let extractor = FeatureExtractor(self.network, rows: self.network.groupSize)
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < self.groups.count else { return }
        let group = self.groups[index]
        extractor.describe(
          photographs.byteSpan.extracting(group.lowerBound * bytes..<group.upperBound * bytes), images: group.count,
          row: 0)
      }
    }
    return groups.last?.upperBound ?? 0
  }
}
