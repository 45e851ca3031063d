import CKernels

/// Softmax and cross entropy in one pass over scores [rows, columns].
package enum CrossEntropy {
  /// Cross entropy of each row of `scores` + `bias` [rows, columns] with its target, summed; `ignored` targets count nothing.
  ///
  /// Leaves the gradient times `scale` in `scores` and adds its column sums to `biasGradient`.
  package static func lossAndGradient(
    _ scores: inout MutableSpan<Float>, bias: Span<Float>, targets: Span<Int32>, ignored: Int32, scale: Float,
    biasGradient: inout MutableSpan<Float>
  ) -> Double {
    let columns = bias.count
    precondition(biasGradient.count == columns && scores.count == targets.count * columns)
    checkIndices(targets, below: columns, except: ignored)
    return unsafe scores.withUnsafeMutableBufferPointer { scores in
      unsafe bias.withUnsafeBufferPointer { bias in
        unsafe targets.withUnsafeBufferPointer { targets in
          unsafe biasGradient.withUnsafeMutableBufferPointer { gradient in
            guard let scores = scores.baseAddress, let from = targets.baseAddress else { return 0 }
            return unsafe captioneer_softmax_loss(
              scores, bias.baseAddress, from, ignored, targets.count, columns, scale, gradient.baseAddress)
          }
        }
      }
    }
  }

  /// The same loss without its gradient. `scores` gets the bias added.
  package static func loss(
    _ scores: inout MutableSpan<Float>, bias: Span<Float>, targets: Span<Int32>, ignored: Int32
  ) -> Double {
    let columns = bias.count
    precondition(scores.count == targets.count * columns)
    checkIndices(targets, below: columns, except: ignored)
    return unsafe scores.withUnsafeMutableBufferPointer { scores in
      unsafe bias.withUnsafeBufferPointer { bias in
        unsafe targets.withUnsafeBufferPointer { targets in
          guard let scores = scores.baseAddress, let from = targets.baseAddress else { return 0 }
          return unsafe captioneer_softmax_loss(
            scores, bias.baseAddress, from, ignored, targets.count, columns, 0, nil)
        }
      }
    }
  }
}
