package import Kernels

/// Cross entropy summed over rows; rows whose target is `ignored` count nothing.
///
/// Equals `F.cross_entropy(…, ignore_index=ignored, reduction="sum")`; the caller divides by the number of captions.
package struct TemporalSoftmaxLoss: Sendable {
  package let ignored: Int32

  package init(ignored: Int32) { self.ignored = ignored }

  /// The loss of scores + bias [rows, classes]. `scores` is overwritten.
  package func forward(_ scores: Matrix, bias: Matrix, targets: Span<Int32>) -> Double {
    var rows = scores.mutableSpan
    return CrossEntropy.loss(&rows, bias: bias.span, targets: targets, ignored: ignored)
  }

  /// The loss of scores + bias and, in the same pass, its gradient times `scale` in place of the scores.
  /// `biasGradient` [1, classes] gets the gradient's column sums added.
  package func forwardBackward(
    _ scores: Matrix, bias: Matrix, targets: Span<Int32>, scale: Float, biasGradient: Matrix
  ) -> Double {
    var rows = scores.mutableSpan
    var sums = biasGradient.mutableSpan
    return CrossEntropy.lossAndGradient(
      &rows, bias: bias.span, targets: targets, ignored: ignored, scale: scale, biasGradient: &sums)
  }
}
