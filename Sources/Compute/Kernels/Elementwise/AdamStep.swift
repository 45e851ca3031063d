import CKernels

/// One step of Adam (Kingma & Ba 2015) as `torch.optim.Adam` computes it: what it needs besides the buffers.
package struct AdamStep: Sendable {
  /// The gradients are multiplied by it first: clipping.
  package var gradientScale: Float
  /// learning rate / (1 − beta1^t)
  package var stepSize: Float
  /// √(1 − beta2^t)
  package var rootCorrection: Float
  package var beta1: Float
  package var beta2: Float
  package var epsilon: Float

  package init(
    gradientScale: Float, stepSize: Float, rootCorrection: Float, beta1: Float, beta2: Float, epsilon: Float
  ) {
    self.gradientScale = gradientScale
    self.stepSize = stepSize
    self.rootCorrection = rootCorrection
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  /// Takes the step over equally long buffers, in one pass.
  package func apply(
    to parameters: inout MutableSpan<Float>, gradients: Span<Float>, mean: inout MutableSpan<Float>,
    variance: inout MutableSpan<Float>
  ) {
    let count = parameters.count
    precondition(gradients.count == count && mean.count == count && variance.count == count)
    unsafe parameters.withUnsafeMutableBufferPointer { parameters in
      unsafe gradients.withUnsafeBufferPointer { gradients in
        unsafe mean.withUnsafeMutableBufferPointer { mean in
          unsafe variance.withUnsafeMutableBufferPointer { variance in
            unsafe captioneer_adam(
              parameters.baseAddress, gradients.baseAddress, mean.baseAddress, variance.baseAddress, count,
              gradientScale, stepSize, rootCorrection, beta1, beta2, epsilon)
          }
        }
      }
    }
  }
}
