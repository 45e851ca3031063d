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

  /// The gradients of a layer's weights.
  package struct Gradients: Sendable {
    package let weight: Matrix  // [outputs, inputs]
    package let bias: Matrix  // [1, outputs]

    package init(weight: Matrix, bias: Matrix) {
      precondition(bias.rows == 1 && bias.columns == weight.rows)
      self.weight = weight
      self.bias = bias
    }

    /// The weight's gradient, parted by outputs.
    package func weightRows(_ outputs: Partition) -> Partitioned<WeightRows> {
      weight.partitioned(rows: outputs).map { WeightRows(gradient: $0, outputs: outputs[$1]) }
    }

    /// Gradient of y [rows, outputs] → the bias's gradient, set.
    package func backwardBias(_ gradient: Matrix) {
      bias.fill(0)
      var sums = bias.mutableSpan
      Reduction.addColumnSums(of: gradient.span, to: &sums)
    }
  }

  /// Rows of a weight's gradient.
  package struct WeightRows: Sendable {
    fileprivate let gradient: Matrix  // [outputs.count, inputs]
    fileprivate let outputs: Range<Int>

    /// Gradient of y [rows, outputs], all of them, and x [rows, inputs] → these rows, set.
    package func backward(_ outputGradient: Matrix, _ x: Matrix) {
      multiply(outputGradient.columns(outputs), .transposed, x, into: gradient)
    }
  }
}
