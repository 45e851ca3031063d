import CKernels

/// The sizes of an inverted residual (Sandler et al. 2018): first step → 3×3 depthwise → 1×1 projection (→ + input).
package struct ConvolutionBlockShape: Sendable, Equatable {
  package enum First: Sendable, Equatable {
    /// 3×3, stride 2, from three u8 planes.
    case stem
    /// 1×1 to `expandedChannels`.
    case expansion
  }
  package var first: First
  /// 3 for the stem.
  package var inputChannels: Int
  package var expandedChannels: Int
  package var outputChannels: Int
  /// Of the depthwise step: 1 or 2.
  package var stride: Int
  package var hasResidual: Bool
  /// Of the block's input; of the photograph for the stem.
  package var height: Int
  package var width: Int

  package init(
    first: First, inputChannels: Int, expandedChannels: Int, outputChannels: Int, stride: Int, hasResidual: Bool,
    height: Int, width: Int
  ) {
    precondition(stride == 1 || stride == 2)
    precondition(!hasResidual || (stride == 1 && inputChannels == outputChannels && first == .expansion))
    precondition(first == .expansion || inputChannels == 3)
    precondition([inputChannels, expandedChannels, outputChannels, height, width].allSatisfy { 1...65536 ~= $0 })
    self.first = first
    self.inputChannels = inputChannels
    self.expandedChannels = expandedChannels
    self.outputChannels = outputChannels
    self.stride = stride
    self.hasResidual = hasResidual
    self.height = height
    self.width = width
  }

  var inC: captioneer_block {
    captioneer_block(
      first: first == .stem ? captioneer_first_stem : captioneer_first_expansion, input: Int32(inputChannels),
      expanded: Int32(expandedChannels), output: Int32(outputChannels), stride: Int32(stride),
      has_residual: hasResidual ? 1 : 0, height: Int32(height), width: Int32(width))
  }

  package var outputHeight: Int { Int(unsafe withUnsafePointer(to: inC) { unsafe captioneer_block_output_height($0) }) }
  package var outputWidth: Int { Int(unsafe withUnsafePointer(to: inC) { unsafe captioneer_block_output_width($0) }) }
  /// Floats (or bytes, for the stem) of one image's input.
  package var inputCount: Int { height * width * inputChannels }
  /// Floats of one image's output.
  package var outputCount: Int { outputHeight * outputWidth * outputChannels }
  var firstWeightCount: Int { expandedChannels * (first == .stem ? 27 : inputChannels) }
}

/// A convolution's weights and bias with batch norm folded in.
package struct FoldedConvolution: Sendable {
  /// [output channels, input channels (1 where depthwise), kernel height, kernel width]
  package var weights: [Float]
  /// [output channels]
  package var bias: [Float]

  package init(weights: [Float], bias: [Float]) {
    self.weights = weights
    self.bias = bias
  }
}

/// An inverted residual with its weights laid out for the kernels.
package final class ConvolutionBlock: Sendable {
  package let shape: ConvolutionBlockShape
  private let parameters: FloatBuffer

  package init(
    _ shape: ConvolutionBlockShape, first: FoldedConvolution, depthwise: FoldedConvolution,
    projection: FoldedConvolution
  ) {
    precondition(first.weights.count == shape.firstWeightCount && first.bias.count == shape.expandedChannels)
    precondition(depthwise.weights.count == shape.expandedChannels * 9)
    precondition(depthwise.bias.count == shape.expandedChannels && projection.bias.count == shape.outputChannels)
    precondition(projection.weights.count == shape.outputChannels * shape.expandedChannels)
    self.shape = shape
    var block = shape.inC
    let parameters = unsafe FloatBuffer(count: captioneer_block_parameter_count(&block))
    unsafe captioneer_pack_block(
      &block, first.weights, first.bias, depthwise.weights, depthwise.bias, projection.weights, projection.bias,
      parameters.base)
    self.parameters = parameters
  }

  /// Floats of working memory for `images` at once.
  package func scratchCount(images: Int) -> Int {
    var block = shape.inC
    return unsafe captioneer_block_scratch_count(&block, Int32(images))
  }

  /// [images, height, width, input channels] → [images, output height, output width, output channels].
  ///
  /// - Parameters:
  ///   - start: where the input begins in `input`.
  ///   - place: where the output begins in `output`.
  package func run(
    _ input: borrowing FloatBuffer, from start: Int = 0, images: Int, into output: inout FloatBuffer,
    at place: Int = 0, scratch: inout FloatBuffer
  ) {
    precondition(shape.first == .expansion && start >= 0 && input.count >= start + images * shape.inputCount)
    unsafe run(UnsafeRawPointer(input.base + start), [], [], images, into: &output, at: place, scratch: &scratch)
  }

  /// [images, 3, height, width] u8, normalised as `value · scale[c] + shift[c]`, → as above.
  package func run(
    photographs input: RawSpan, scale: [Float], shift: [Float], images: Int, into output: inout FloatBuffer,
    at place: Int = 0, scratch: inout FloatBuffer
  ) {
    precondition(shape.first == .stem && input.byteCount >= images * shape.inputCount)
    precondition(scale.count == 3 && shift.count == 3)
    unsafe input.withUnsafeBytes {
      unsafe run($0.baseAddress!, scale, shift, images, into: &output, at: place, scratch: &scratch)
    }
  }

  private func run(
    _ input: UnsafeRawPointer, _ scale: [Float], _ shift: [Float], _ images: Int, into output: inout FloatBuffer,
    at place: Int, scratch: inout FloatBuffer
  ) {
    precondition(images > 0 && place >= 0 && output.count >= place + images * shape.outputCount)
    precondition(scratch.count >= scratchCount(images: images))
    precondition(images * max(shape.outputCount, shape.inputCount, scratch.count) <= Int(Int32.max))
    var block = shape.inC
    unsafe captioneer_run_block(
      &block, parameters.base, input, scale, shift, Int32(images), output.base + place, scratch.base)
  }
}
