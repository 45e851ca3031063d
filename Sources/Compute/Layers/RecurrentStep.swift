package import Kernels

/// One step of a vanilla RNN: h' = tanh(x Wx + h Wh + b).
package struct RecurrentStep: Sendable {
  package let inputWeight: Matrix  // Wx [inputs, hidden]
  package let hiddenWeight: Matrix  // Wh [hidden, hidden]
  package let bias: Matrix  // [1, hidden]

  package init(inputWeight: Matrix, hiddenWeight: Matrix, bias: Matrix) {
    precondition(hiddenWeight.rows == hiddenWeight.columns && inputWeight.columns == hiddenWeight.rows)
    precondition(bias.rows == 1 && bias.columns == hiddenWeight.columns)
    self.inputWeight = inputWeight
    self.hiddenWeight = hiddenWeight
    self.bias = bias
  }

  /// x [rows, inputs], h [rows, hidden] → next [rows, hidden]
  package func forward(_ x: Matrix, _ h: Matrix, into next: Matrix) {
    multiply(x, inputWeight, into: next)
    multiply(h, hiddenWeight, into: next, accumulates: true)
    var out = next.mutableSpan
    Activation.biasTanh(&out, bias: bias.span)
  }

  /// The gradient of `next`, which becomes the gradient before tanh, → gradients of x and h.
  /// The weights' gradients are set in `gradients`.
  package func backward(
    _ gradient: Matrix, next: Matrix, x: Matrix, h: Matrix, inputGradient: Matrix, hiddenGradient: Matrix,
    gradients: Gradients
  ) {
    var before = gradient.mutableSpan
    Activation.tanhGradient(&before, carry: Span(), y: next.span)
    multiply(gradient, .plain, inputWeight, .transposed, into: inputGradient)
    multiply(gradient, .plain, hiddenWeight, .transposed, into: hiddenGradient)
    multiply(x, .transposed, gradient, into: gradients.inputWeight)
    multiply(h, .transposed, gradient, into: gradients.hiddenWeight)
    gradients.backwardBias(gradient)
  }

  /// The gradients of a step's weights. Sequences share one step's weights, so theirs are the same.
  package struct Gradients: Sendable {
    package let inputWeight: Matrix  // [inputs, hidden]
    package let hiddenWeight: Matrix  // [hidden, hidden]
    package let bias: Matrix  // [1, hidden]

    package init(inputWeight: Matrix, hiddenWeight: Matrix, bias: Matrix) {
      precondition(hiddenWeight.rows == hiddenWeight.columns && inputWeight.columns == hiddenWeight.rows)
      precondition(bias.rows == 1 && bias.columns == hiddenWeight.columns)
      self.inputWeight = inputWeight
      self.hiddenWeight = hiddenWeight
      self.bias = bias
    }

    /// The gradient of Wx, parted by inputs: its factor is x.
    package func inputWeightRows(_ inputs: Partition) -> Partitioned<WeightRows> {
      inputWeight.partitioned(rows: inputs).map { WeightRows(gradient: $0, range: inputs[$1]) }
    }

    /// The gradient of Wh, parted by the units that it reads: its factor is the h before the step.
    package func hiddenWeightRows(_ units: Partition) -> Partitioned<WeightRows> {
      hiddenWeight.partitioned(rows: units).map { WeightRows(gradient: $0, range: units[$1]) }
    }

    /// Gradient before tanh [rows, hidden] → the bias's gradient, set.
    package func backwardBias(_ gradient: Matrix) {
      bias.fill(0)
      var sums = bias.mutableSpan
      Reduction.addColumnSums(of: gradient.span, to: &sums)
    }
  }

  /// Rows of the gradient of Wx or Wh.
  package struct WeightRows: Sendable {
    fileprivate let gradient: Matrix  // [range.count, hidden]
    fileprivate let range: Range<Int>

    /// Gradient before tanh [rows, hidden] and the weight's factor [rows, inputs or hidden], all of it → these rows, set.
    package func backward(_ outputGradient: Matrix, factor: Matrix) {
      multiply(factor.columns(range), .transposed, outputGradient, into: gradient)
    }
  }
}
