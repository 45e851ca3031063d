package import Diagnostics
import Kernels
package import Weights

/// `features` of torchvision's `mobilenet_v2`, for photographs of one size. The classifier, if there, is not used.
///
/// An image's features have the same bits whatever images are computed with it.
package final class MobileNetV2: FeatureNetwork {
  /// Keeps the late, small maps' products wide and their weights in cache.
  static let groupSize = 8
  package var groupSize: Int { Self.groupSize }

  /// 1280, unless the weights say otherwise.
  package let channels: Int
  /// Of a photograph.
  package let height: Int
  package let width: Int
  /// Of the map: 4 × 4 for 112 × 112.
  package let gridHeight: Int
  package let gridWidth: Int

  /// Blocks that run on the same number of images at once.
  struct Phase {
    var blocks: [ConvolutionBlock]
    var images: Int
    var inputCount: Int { blocks[0].shape.inputCount }
    var outputCount: Int { blocks[blocks.count - 1].shape.outputCount }
  }
  let phases: [Phase]
  let last: PointwiseConvolution
  private let scale: [Float]
  private let shift: [Float]

  /// - Parameter file: named in errors.
  /// - Throws: `InputError` naming the first tensor that is missing or has another shape.
  package init(weights: [NamedTensor], file: String, height: Int, width: Int) throws(InputError) {
    guard 1...4096 ~= height, 1...4096 ~= width else {
      throw InputError("photographs of \(height)×\(width) are not supported", remedy: "use 1 to 4096 pixels a side")
    }
    let (blocks, last) = try MobileNetV2Architecture(weights, file: file).network(height: height, width: width)
    var phases: [Phase] = []
    for block in blocks {
      // About 200 pixels at once: rows enough for the products, and the depthwise result stays in L2.
      let images = max(1, min(Self.groupSize, 196 / (block.shape.height * block.shape.width)))
      if phases.last?.images == images {
        phases[phases.count - 1].blocks.append(block)
      } else {
        phases.append(Phase(blocks: [block], images: images))
      }
    }
    self.phases = phases
    self.last = last
    (self.height, self.width) = (height, width)
    let end = blocks[blocks.count - 1].shape
    (gridHeight, gridWidth) = (end.outputHeight, end.outputWidth)
    channels = last.outputChannels
    let kind = FeatureNetworkKind.mobileNetV2
    scale = kind.standardDeviation.map { Float(1 / (255 * Double($0))) }
    shift = zip(kind.mean, kind.standardDeviation).map { Float(-Double($0) / Double($1)) }
  }

  package func makeWorkspace() -> any FeatureWorkspace { MobileNetV2Workspace(self) }

  /// Computes the map of up to `groupSize` photographs into the workspace.
  ///
  /// - Parameter photographs: [images, 3, height, width] u8.
  func run(_ photographs: RawSpan, images: Int, in workspace: MobileNetV2Workspace) {
    precondition(1...Self.groupSize ~= images && photographs.byteCount >= images * photographByteCount)
    for (index, phase) in phases.enumerated() {
      for begin in stride(from: 0, to: images, by: phase.images) {
        let part = Part(phase: phase, begin: begin, images: min(phase.images, images - begin))
        if index == 0 {
          first(part, photographs, &workspace.buffers, into: &workspace.evenBoundary)
        } else if index % 2 == 1 {
          later(part, workspace.evenBoundary, &workspace.buffers, into: &workspace.oddBoundary)
        } else {
          later(part, workspace.oddBoundary, &workspace.buffers, into: &workspace.evenBoundary)
        }
      }
    }
    let pixels = images * gridPixels
    if phases.count % 2 == 1 {
      last.run(workspace.evenBoundary, pixels: pixels, into: &workspace.map, scratch: &workspace.buffers.scratch)
    } else {
      last.run(workspace.oddBoundary, pixels: pixels, into: &workspace.map, scratch: &workspace.buffers.scratch)
    }
  }

  /// Some images of a group on their way through a phase.
  private struct Part {
    var phase: Phase
    var begin: Int
    var images: Int
    var source: Int { begin * phase.inputCount }
    var target: Int { begin * phase.outputCount }
  }

  /// The first phase, from bytes.
  private func first(
    _ part: Part, _ photographs: RawSpan, _ buffers: inout MobileNetV2Workspace.Buffers, into output: inout FloatBuffer
  ) {
    let stem = part.phase.blocks[0]
    let bytes = photographs.extracting(part.source..<part.source + part.images * part.phase.inputCount)
    if part.phase.blocks.count == 1 {
      stem.run(
        photographs: bytes, scale: scale, shift: shift, images: part.images, into: &output, at: part.target,
        scratch: &buffers.scratch)
    } else {
      stem.run(
        photographs: bytes, scale: scale, shift: shift, images: part.images, into: &buffers.even,
        scratch: &buffers.scratch)
      rest(part, &buffers, into: &output)
    }
  }

  /// A phase after the first, from the boundary before it.
  private func later(
    _ part: Part, _ input: borrowing FloatBuffer, _ buffers: inout MobileNetV2Workspace.Buffers,
    into output: inout FloatBuffer
  ) {
    let block = part.phase.blocks[0]
    if part.phase.blocks.count == 1 {
      block.run(
        input, from: part.source, images: part.images, into: &output, at: part.target, scratch: &buffers.scratch)
    } else {
      block.run(input, from: part.source, images: part.images, into: &buffers.even, scratch: &buffers.scratch)
      rest(part, &buffers, into: &output)
    }
  }

  /// The blocks after a phase's first: between the two buffers in turn, the last to the boundary.
  private func rest(_ part: Part, _ buffers: inout MobileNetV2Workspace.Buffers, into output: inout FloatBuffer) {
    let end = part.phase.blocks.count - 1
    for (index, block) in part.phase.blocks.enumerated().dropFirst() {
      switch (index % 2 == 1, index == end) {
      case (true, false): block.run(buffers.even, images: part.images, into: &buffers.odd, scratch: &buffers.scratch)
      case (false, false): block.run(buffers.odd, images: part.images, into: &buffers.even, scratch: &buffers.scratch)
      case (true, true):
        block.run(buffers.even, images: part.images, into: &output, at: part.target, scratch: &buffers.scratch)
      case (false, true):
        block.run(buffers.odd, images: part.images, into: &output, at: part.target, scratch: &buffers.scratch)
      }
    }
  }
}
