import CKernels

/// Many numbers to few, in an order that depends on the sizes alone.
package enum Reduction {
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

  /// The sum of x² in f64.
  package static func sumOfSquares(_ x: Span<Float>) -> Double {
    unsafe x.withUnsafeBufferPointer { x in
      guard let from = x.baseAddress else { return 0 }
      return unsafe captioneer_sum_of_squares(from, x.count)
    }
  }

  /// The index of the first largest value.
  package static func largestIndex(_ x: Span<Float>) -> Int {
    unsafe x.withUnsafeBufferPointer { x in
      guard let from = x.baseAddress else { return 0 }
      return unsafe captioneer_argmax(from, x.count)
    }
  }
}
