import FeatureNetworks
import Files
import Random
import Synchronization
import Weights
import Workers

/// Pooled features and maps of random photographs of 112 × 112.
final class FeaturePath: Sendable {
  private let network: FeatureNetwork
  private let photographs: [UInt8]
  private let images: Int

  init(weights: String, images: Int) throws {
    network = try FeatureNetwork(weights: try loadWeights(path: weights), file: weights, height: 112, width: 112)
    var random = SplitMix64(seed: 1)
    photographs = (0..<images * 3 * 112 * 112).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    self.images = images
  }

  func run(threads: Int) throws -> Int {
    let next = Atomic<Int>(0)
    let size = FeatureNetwork.groupSize
    try forEachIndex(threads, threads: threads) { _, _ in
      let photographs = self.photographs
      var workspace = FeatureWorkspace(self.network)
      var pooled = [Float](repeating: 0, count: size * self.network.channels)
      while true {
        let begin = next.add(size, ordering: .relaxed).oldValue
        guard begin < self.images else { return }
        let count = min(size, self.images - begin)
        let bytes = self.network.photographByteCount
        self.network.run(
          photographs.byteSpan.extracting(begin * bytes..<(begin + count) * bytes), images: count,
          in: &workspace)
        for index in 0..<count {
          self.network.pooled(index, in: workspace, into: &pooled, at: index * self.network.channels)
        }
      }
    }
    return images
  }
}
