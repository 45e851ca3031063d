import Kernels

/// Working memory of `FeatureNetwork.run` for one thread.
package struct FeatureWorkspace: ~Copyable {
  struct Buffers: ~Copyable {
    var even: FloatBuffer
    var odd: FloatBuffer
    var scratch: FloatBuffer
  }
  var buffers: Buffers
  /// What a phase leaves for the next one, for a whole group; the two take turns.
  var evenBoundary: FloatBuffer
  var oddBoundary: FloatBuffer
  /// [group, grid pixels, channels]
  var map: FloatBuffer

  package init(_ network: FeatureNetwork) {
    var (between, scratch, boundary) = (0, network.gridPixels * FeatureNetwork.groupSize, 0)
    for phase in network.phases {
      boundary = max(boundary, phase.outputCount * FeatureNetwork.groupSize)
      for block in phase.blocks {
        between = max(between, phase.images * block.shape.outputCount)
        scratch = max(scratch, block.scratchCount(images: phase.images))
      }
    }
    buffers = Buffers(
      even: FloatBuffer(count: between), odd: FloatBuffer(count: between), scratch: FloatBuffer(count: scratch))
    evenBoundary = FloatBuffer(count: boundary)
    oddBoundary = FloatBuffer(count: boundary)
    map = FloatBuffer(count: network.gridPixels * network.channels * FeatureNetwork.groupSize)
  }
}
