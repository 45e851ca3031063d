/// The one way from pixels to features: photographs go through a network a group at a time, on one thread.
package final class FeatureExtractor {
  private let network: any FeatureNetwork
  private let workspace: any FeatureWorkspace
  private let includesGrid: Bool
  /// Of the photographs described since: [rows, channels].
  package private(set) var pooled: [Float]
  /// [rows, channels, grid height, grid width]; empty where it isn't wanted.
  package private(set) var grid: [Float]

  /// - Parameter rows: photographs whose features it keeps.
  package init(_ network: any FeatureNetwork, rows: Int, includesGrid: Bool = false) {
    self.network = network
    self.includesGrid = includesGrid
    workspace = network.makeWorkspace()
    pooled = [Float](repeating: 0, count: rows * network.channels)
    grid = [Float](repeating: 0, count: includesGrid ? rows * network.channels * network.gridPixels : 0)
  }

  /// `rows` in parts that the network takes at once.
  package static func groups(of rows: Range<Int>, for network: any FeatureNetwork) -> [Range<Int>] {
    stride(from: rows.lowerBound, to: rows.upperBound, by: network.groupSize).map {
      $0..<min(rows.upperBound, $0 + network.groupSize)
    }
  }

  /// Computes the features of a group into the rows that begin with `row`.
  ///
  /// - Parameter photographs: u8 [images, 3, height, width].
  package func describe(_ photographs: RawSpan, images: Int, row: Int) {
    workspace.run(photographs, images: images)
    for index in 0..<images {
      workspace.pooled(index, into: &pooled, at: (row + index) * network.channels)
      if includesGrid {
        workspace.grid(index, into: &grid, at: (row + index) * network.channels * network.gridPixels)
      }
    }
  }
}
