package import Kernels

/// y = x Wᵀ + b, as `torch.nn.Linear`.
package struct Affine: Sendable {
  package let weight: Matrix  // [outputs, inputs]
  package let bias: Matrix  // [1, outputs]

  package init(weight: Matrix, bias: Matrix) {
    precondition(bias.rows == 1 && bias.columns == weight.rows)
    self.weight = weight
    self.bias = bias
  }

  /// x [rows, inputs] → y [rows, outputs]
  package func forward(_ x: Matrix, into y: Matrix) {
    multiply(x, .plain, weight, .transposed, into: y)
    var out = y.mutableSpan
    Rows.addBias(&out, bias: bias.span)
  }

  /// Gradient of y [rows, outputs] → gradient of x [rows, inputs]
  package func backwardInput(_ gradient: Matrix, into inputGradient: Matrix) {
    multiply(gradient, weight, into: inputGradient)
  }

  /// Gradient of y [rows, outputs] and x [rows, inputs] → rows `outputs` of this layer's weight gradient.
  ///
  /// Call on the layer that holds the gradients.
  package func backwardWeight(_ gradient: Matrix, _ x: Matrix, outputs: Range<Int>) {
    multiply(gradient.columns(outputs), .transposed, x, into: weight.rows(outputs))
  }

  /// Gradient of y [rows, outputs] → this layer's bias gradient. Call on the layer that holds the gradients.
  package func backwardBias(_ gradient: Matrix) {
    bias.fill(0)
    var sums = bias.mutableSpan
    Reduction.addColumnSums(of: gradient.span, to: &sums)
  }
}
