import Kernels
public import Tensors

/// y = x Wᵀ + b, as `torch.nn.Linear`.
public struct Affine: Sendable {
  public let weight: Matrix  // [outputs, inputs]
  public let bias: Matrix  // [1, outputs]

  public init(weight: Matrix, bias: Matrix) {
    precondition(bias.rows == 1 && bias.columns == weight.rows)
    self.weight = weight
    self.bias = bias
  }

  /// x [rows, inputs] → y [rows, outputs]
  public func forward(_ x: Matrix, into y: Matrix) {
    multiply(x, .plain, weight, .transposed, into: y)
    var out = y.mutableSpan
    RecurrentKernels.addBias(&out, bias: bias.span)
  }

  /// Gradient of y [rows, outputs] → gradient of x [rows, inputs]
  public func backwardInput(_ gradient: Matrix, into inputGradient: Matrix) {
    multiply(gradient, weight, into: inputGradient)
  }

  /// Gradient of y [rows, outputs] and x [rows, inputs] → rows `outputs` of this layer's weight gradient.
  ///
  /// Call on the layer that holds the gradients.
  public func backwardWeight(_ gradient: Matrix, _ x: Matrix, outputs: Range<Int>) {
    multiply(gradient.columns(outputs), .transposed, x, into: weight.rows(outputs))
  }

  /// Gradient of y [rows, outputs] → this layer's bias gradient. Call on the layer that holds the gradients.
  public func backwardBias(_ gradient: Matrix) {
    bias.fill(0)
    var sums = bias.mutableSpan
    RecurrentKernels.addColumnSums(of: gradient.span, to: &sums)
  }
}
