import CKernels

/// A 1×1 convolution with ReLU6 on request, its weights laid out for the kernels.
package final class PointwiseConvolution: Sendable {
  package let inputChannels: Int
  package let outputChannels: Int
  package let clamps: Bool
  private let weights: FloatBuffer
  private let bias: FloatBuffer

  /// - Parameter convolution: weights [output channels, input channels].
  package init(_ convolution: FoldedConvolution, inputChannels: Int, clamps: Bool) {
    let columns = convolution.bias.count
    precondition(inputChannels > 0 && columns > 0 && convolution.weights.count == columns * inputChannels)
    self.inputChannels = inputChannels
    self.outputChannels = columns
    self.clamps = clamps
    let padded = (columns + 15) / 16 * 16
    let weights = FloatBuffer(count: padded * inputChannels)
    unsafe captioneer_pack_panels(convolution.weights, Int32(inputChannels), Int32(columns), weights.base)
    self.weights = weights
    var bias = FloatBuffer(count: padded)
    var span = bias.mutableSpan
    for index in 0..<columns { span[index] = convolution.bias[index] }
    self.bias = bias
  }

  /// [pixels, input channels] → [pixels, output channels]. `scratch` needs `pixels` floats.
  package func run(
    _ input: borrowing FloatBuffer, pixels: Int, into output: inout FloatBuffer, scratch: inout FloatBuffer
  ) {
    precondition(pixels > 0 && input.count >= pixels * inputChannels && output.count >= pixels * outputChannels)
    precondition(scratch.count >= pixels && pixels * outputChannels <= Int(Int32.max))
    unsafe UnsafeMutableRawPointer(scratch.base).withMemoryRebound(to: Int32.self, capacity: pixels) { offsets in
      unsafe captioneer_pointwise(
        input.base, Int32(pixels), Int32(inputChannels), Int32(outputChannels), weights.base, bias.base,
        clamps ? 1 : 0, output.base, offsets)
    }
  }
}
