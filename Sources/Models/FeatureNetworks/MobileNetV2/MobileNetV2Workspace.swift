import Kernels

/// Working memory of `MobileNetV2.run` for one thread.
final class MobileNetV2Workspace: FeatureWorkspace {
  private let network: MobileNetV2
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

  init(_ network: MobileNetV2) {
    self.network = network
    var (between, scratch, boundary) = (0, network.gridPixels * MobileNetV2.groupSize, 0)
    for phase in network.phases {
      boundary = max(boundary, phase.outputCount * MobileNetV2.groupSize)
      for block in phase.blocks {
        between = max(between, phase.images * block.shape.outputCount)
        scratch = max(scratch, block.scratchCount(images: phase.images))
      }
    }
    buffers = Buffers(
      even: FloatBuffer(count: between), odd: FloatBuffer(count: between), scratch: FloatBuffer(count: scratch))
    evenBoundary = FloatBuffer(count: boundary)
    oddBoundary = FloatBuffer(count: boundary)
    map = FloatBuffer(count: network.gridPixels * network.channels * MobileNetV2.groupSize)
  }

  func run(_ photographs: RawSpan, images: Int) { network.run(photographs, images: images, in: self) }

  func pooled(_ index: Int, into output: inout [Float], at place: Int) {
    averagePixels(
      map, from: index * network.gridPixels * network.channels, pixels: network.gridPixels, channels: network.channels,
      into: &output, at: place)
  }

  func grid(_ index: Int, into output: inout [Float], at place: Int) {
    transposePixels(
      map, from: index * network.gridPixels * network.channels, pixels: network.gridPixels, channels: network.channels,
      into: &output, at: place)
  }
}
