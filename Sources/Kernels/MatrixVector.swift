import CKernels

/// y = bias + matrix x, or matrix x where `bias` is nil.
///
/// - Parameters:
///   - matrix: [y.count, x.count], row-major without gaps.
///   - bias: [y.count]
public func multiply(
  _ matrix: Span<Float>, vector x: Span<Float>, bias: Span<Float>? = nil, into y: inout MutableSpan<Float>
) {
  let (rows, columns) = (y.count, x.count)
  precondition(matrix.count == rows * columns && (bias == nil || bias!.count == rows))
  unsafe matrix.withUnsafeBufferPointer { matrix in
    unsafe x.withUnsafeBufferPointer { x in
      unsafe y.withUnsafeMutableBufferPointer { y in
        guard let matrix = matrix.baseAddress, let x = x.baseAddress, let y = y.baseAddress else {
          return
        }
        if let bias {
          unsafe bias.withUnsafeBufferPointer {
            unsafe captioneer_matrix_vector(matrix, x, $0.baseAddress, rows, columns, y)
          }
        } else {
          unsafe captioneer_matrix_vector(matrix, x, nil, rows, columns, y)
        }
      }
    }
  }
}
