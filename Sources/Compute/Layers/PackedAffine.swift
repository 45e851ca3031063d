package import Kernels

/// An `Affine` layer without its bias whose weight is laid out for the kernels once a batch, for all parts of the batch.
package final class PackedAffine: Sendable {
  private let forwardWeight: PackedFactor  // Wᵀ [inputs, outputs]
  private let backwardWeight: PackedFactor?  // W [outputs, inputs]

  /// Room for a weight [outputs, inputs]; `prepare` gives it.
  package init(inputs: Int, outputs: Int, hasBackward: Bool = true) {
    forwardWeight = PackedFactor(rows: inputs, columns: outputs)
    backwardWeight = hasBackward ? PackedFactor(rows: outputs, columns: inputs) : nil
  }

  /// Takes the weight [outputs, inputs] as it is now.
  package func prepare(_ weight: Matrix, forBackward: Bool) {
    forwardWeight.pack(weight, .transposed)
    if forBackward { backwardWeight?.pack(weight) }
  }

  /// x [rows, inputs] → x Wᵀ [rows, outputs]
  package func product(_ x: Matrix, into y: Matrix) {
    multiply(x, forwardWeight, into: y)
  }

  /// Gradient of y [rows, outputs] → gradient of x [rows, inputs]
  package func backwardInput(_ gradient: Matrix, into inputGradient: Matrix) {
    guard let backwardWeight else { preconditionFailure("made without a backward weight") }
    multiply(gradient, backwardWeight, into: inputGradient)
  }
}
