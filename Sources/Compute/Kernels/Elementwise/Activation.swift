import CKernels

/// What bends a layer's sums, and its gradient. Buffers are row-major.
package enum Activation {
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
}
