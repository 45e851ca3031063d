import CKernels

/// The elementwise half of a recurrent captioner. Buffers are row-major; `columns` is the length of a row.
package enum RecurrentKernels {
  /// x = tanh(x)
  package static func tanh(_ x: inout MutableSpan<Float>) {
    let count = x.count
    unsafe x.withUnsafeMutableBufferPointer { x in
      guard let x = x.baseAddress else { return }
      unsafe captioneer_tanh(x, count)
    }
  }

  /// x = tanh(x + bias), row by row
  package static func biasTanh(_ x: inout MutableSpan<Float>, bias: Span<Float>) {
    let (columns, rows) = (bias.count, rowCount(x.count, bias.count))
    unsafe x.withUnsafeMutableBufferPointer { x in
      unsafe bias.withUnsafeBufferPointer { bias in
        guard let x = x.baseAddress, let bias = bias.baseAddress else { return }
        unsafe captioneer_bias_tanh(x, bias, rows, columns)
      }
    }
  }

  /// gradient = (gradient + carry) (1 - y²). `carry` covers the first values of `gradient`.
  package static func tanhGradient(_ gradient: inout MutableSpan<Float>, carry: Span<Float>, y: Span<Float>) {
    let count = gradient.count
    precondition(y.count == count && carry.count <= count)
    unsafe gradient.withUnsafeMutableBufferPointer { gradient in
      unsafe carry.withUnsafeBufferPointer { carry in
        unsafe y.withUnsafeBufferPointer { y in
          guard let gradient = gradient.baseAddress, let y = y.baseAddress else { return }
          unsafe captioneer_tanh_gradient(gradient, carry.baseAddress, carry.count, y, count)
        }
      }
    }
  }

  /// x += bias, row by row
  package static func addBias(_ x: inout MutableSpan<Float>, bias: Span<Float>) {
    let (columns, rows) = (bias.count, rowCount(x.count, bias.count))
    unsafe x.withUnsafeMutableBufferPointer { x in
      unsafe bias.withUnsafeBufferPointer { bias in
        guard let x = x.baseAddress, let bias = bias.baseAddress else { return }
        unsafe captioneer_add_bias(x, bias, rows, columns)
      }
    }
  }

  /// sums += the sums of x's columns, in rising row
  package static func addColumnSums(of x: Span<Float>, to sums: inout MutableSpan<Float>) {
    let (columns, rows) = (sums.count, rowCount(x.count, sums.count))
    unsafe x.withUnsafeBufferPointer { x in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        guard let x = x.baseAddress, let sums = sums.baseAddress else { return }
        unsafe captioneer_add_column_sums(x, rows, columns, columns, sums)
      }
    }
  }

  /// Cross entropy of each row of `scores` + `bias` [rows, columns] with its target, summed; `ignored` targets count nothing.
  ///
  /// Leaves the gradient times `scale` in `scores` and adds its column sums to `biasGradient`.
  package static func softmaxLossGradient(
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
  package static func softmaxLoss(
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

  /// out[r] = table[indices[r]], rows of `columns` values
  package static func gatherRows(
    of table: Span<Float>, at indices: Span<Int32>, columns: Int, into out: inout MutableSpan<Float>
  ) {
    precondition(columns > 0 && out.count == indices.count * columns)
    checkIndices(indices, below: rowCount(table.count, columns), except: nil)
    unsafe table.withUnsafeBufferPointer { table in
      unsafe indices.withUnsafeBufferPointer { indices in
        unsafe out.withUnsafeMutableBufferPointer { out in
          guard let table = table.baseAddress, let from = indices.baseAddress,
            let out = out.baseAddress
          else { return }
          unsafe captioneer_gather_rows(table, from, indices.count, columns, out)
        }
      }
    }
  }

  /// table[indices[r], range] += x[r, range], in rising r; rows of `columns` values
  package static func scatterAddRows(
    _ x: Span<Float>, at indices: Span<Int32>, columns: Int, range: Range<Int>, to table: inout MutableSpan<Float>
  ) {
    precondition(columns > 0 && x.count == indices.count * columns)
    precondition(range.lowerBound >= 0 && range.upperBound <= columns)
    checkIndices(indices, below: rowCount(table.count, columns), except: nil)
    unsafe x.withUnsafeBufferPointer { x in
      unsafe indices.withUnsafeBufferPointer { indices in
        unsafe table.withUnsafeMutableBufferPointer { table in
          guard let x = x.baseAddress, let from = indices.baseAddress,
            let table = table.baseAddress
          else { return }
          unsafe captioneer_scatter_add_rows(
            x, from, indices.count, columns, range.lowerBound, range.count, table)
        }
      }
    }
  }

  /// out = the little-endian halves in `x`, widened
  package static func widenHalves(_ x: RawSpan, into out: inout MutableSpan<Float>) {
    let count = out.count
    precondition(x.byteCount == count * 2)
    unsafe x.withUnsafeBytes { x in
      unsafe out.withUnsafeMutableBufferPointer { out in
        guard let x = x.baseAddress, let out = out.baseAddress else { return }
        unsafe captioneer_widen_halves(x.assumingMemoryBound(to: UInt16.self), count, out)
      }
    }
  }

  /// out = the little-endian floats in `x`
  package static func copyFloats(_ x: RawSpan, into out: inout MutableSpan<Float>) {
    precondition(x.byteCount == out.count * 4)
    unsafe x.withUnsafeBytes { x in
      unsafe out.withUnsafeMutableBufferPointer { out in
        unsafe UnsafeMutableRawBufferPointer(out).copyMemory(from: x)
      }
    }
  }

  /// The index of the first largest value.
  package static func largestIndex(_ x: Span<Float>) -> Int {
    unsafe x.withUnsafeBufferPointer { x in
      guard let from = x.baseAddress else { return 0 }
      return unsafe captioneer_argmax(from, x.count)
    }
  }

  /// What one step of Adam needs besides the buffers.
  package struct AdamStep: Sendable {
    package var gradientScale: Float
    package var stepSize: Float
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
  }

  /// One step of Adam over equally long buffers, in one pass.
  package static func adam(
    _ parameters: inout MutableSpan<Float>, gradients: Span<Float>, mean: inout MutableSpan<Float>,
    variance: inout MutableSpan<Float>, step: AdamStep
  ) {
    let count = parameters.count
    precondition(gradients.count == count && mean.count == count && variance.count == count)
    unsafe parameters.withUnsafeMutableBufferPointer { parameters in
      unsafe gradients.withUnsafeBufferPointer { gradients in
        unsafe mean.withUnsafeMutableBufferPointer { mean in
          unsafe variance.withUnsafeMutableBufferPointer { variance in
            unsafe captioneer_adam(
              parameters.baseAddress, gradients.baseAddress, mean.baseAddress, variance.baseAddress, count,
              step.gradientScale, step.stepSize, step.rootCorrection, step.beta1, step.beta2, step.epsilon)
          }
        }
      }
    }
  }

  /// The sum of x² in f64.
  package static func sumOfSquares(_ x: Span<Float>) -> Double {
    unsafe x.withUnsafeBufferPointer { x in
      guard let from = x.baseAddress else { return 0 }
      return unsafe captioneer_sum_of_squares(from, x.count)
    }
  }

  private static func rowCount(_ count: Int, _ columns: Int) -> Int {
    precondition(columns > 0 && count % columns == 0, "\(count) values are no rows of \(columns)")
    return count / columns
  }

  private static func checkIndices(_ indices: Span<Int32>, below limit: Int, except allowed: Int32?) {
    for index in indices.indices {
      let value = indices[index]
      precondition(Int(value) < limit && value >= 0 || value == allowed, "index \(value) of \(limit)")
    }
  }
}
