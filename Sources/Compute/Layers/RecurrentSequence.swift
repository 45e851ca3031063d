package import Kernels

/// All steps of a vanilla RNN over packed rows: the rows of step 0, then those of step 1, …
///
/// Step t has `counts[t]` rows, never more than the step before: its row r belongs to the same sequence as row r there. What the
/// inputs contribute (x Wx + b) is given; the layer adds the recurrence.
///
/// Every step reads Wh, so it is laid out for the kernels once a batch.
package final class RecurrentSequence: Sendable {
  private let forwardWeight: PackedFactor  // Wh [hidden, hidden]
  private let backwardWeight: PackedFactor  // Whᵀ

  /// Room for the weight of `size` hidden units; `prepare` gives it.
  package init(size: Int) {
    forwardWeight = PackedFactor(rows: size, columns: size)
    backwardWeight = PackedFactor(rows: size, columns: size)
  }

  /// Takes Wh [hidden, hidden] as it is now.
  package func prepare(_ hiddenWeight: Matrix, forBackward: Bool) {
    forwardWeight.pack(hiddenWeight)
    if forBackward { backwardWeight.pack(hiddenWeight, .transposed) }
  }

  /// In `hidden` [rows, hidden] each row's x Wx + b becomes its h. `previous` [rows, hidden] gets the h that each row started from,
  /// `initial` [counts[0], hidden] for step 0.
  package func forward(_ hidden: Matrix, initial: Matrix, counts: Span<Int>, previous: Matrix) {
    var before = initial
    var row = 0
    for step in counts.indices {
      let rows = row..<row + counts[step]
      previous.rows(rows).copy(from: before.rows(0..<rows.count))
      let h = hidden.rows(rows)
      multiply(previous.rows(rows), forwardWeight, into: h, accumulates: true)
      var out = h.mutableSpan
      Activation.tanh(&out)
      before = h
      row = rows.upperBound
    }
  }

  /// In `gradient` [rows, hidden] each row's gradient of h, as the layers above left it, becomes the gradient of x Wx + b + h Wh.
  /// `carry` [counts[0], hidden] ends as the gradient of `initial`. That of Wh is `RecurrentStep.Gradients`' to make, of `previous`.
  package func backward(_ gradient: Matrix, hidden: Matrix, counts: Span<Int>, carry: Matrix) {
    var end = hidden.rows
    var carried = 0
    for step in counts.indices.reversed() {
      let rows = end - counts[step]..<end
      let before = gradient.rows(rows)
      var out = before.mutableSpan
      Activation.tanhGradient(&out, carry: carry.rows(0..<carried).span, y: hidden.rows(rows).span)
      carried = rows.count
      multiply(before, backwardWeight, into: carry.rows(0..<carried))
      end = rows.lowerBound
    }
  }
}
