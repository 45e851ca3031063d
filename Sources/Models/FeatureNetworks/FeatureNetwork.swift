/// A network that describes photographs of one size, whichever it is: a folder beside this file holds each.
///
/// A photograph's features have the same bits whatever photographs are computed with it.
package protocol FeatureNetwork: AnyObject, Sendable {
  /// Numbers that describe a photograph, and a place of its map.
  var channels: Int { get }
  /// Of a photograph.
  var height: Int { get }
  var width: Int { get }
  /// Of the map.
  var gridHeight: Int { get }
  var gridWidth: Int { get }
  /// Photographs that it computes at once, at most.
  var groupSize: Int { get }
  /// Memory for one thread.
  func makeWorkspace() -> any FeatureWorkspace
}

extension FeatureNetwork {
  /// Bytes of one photograph, u8 [3, height, width].
  package var photographByteCount: Int { 3 * height * width }
  package var gridPixels: Int { gridHeight * gridWidth }
}

/// One thread's working memory of a network, with the maps that it computed last.
package protocol FeatureWorkspace: AnyObject {
  /// Computes the maps of up to the network's `groupSize` photographs.
  ///
  /// - Parameter photographs: u8 [images, 3, height, width].
  func run(_ photographs: RawSpan, images: Int)
  /// The mean over the map of the image at `index`: [channels] at `place`. Not normalised.
  func pooled(_ index: Int, into output: inout [Float], at place: Int)
  /// The map of the image at `index`: [channels, grid height, grid width] at `place`.
  func grid(_ index: Int, into output: inout [Float], at place: Int)
}
