import CKernels

/// What is done with the rows of a table; row-major, `columns` is the length of a row.
package enum Rows {
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

  /// out[r] = table[indices[r]], rows of `columns` values
  package static func gather(
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
  package static func scatterAdd(
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
}

/// The rows of `columns` values that `count` values are.
func rowCount(_ count: Int, _ columns: Int) -> Int {
  precondition(columns > 0 && count % columns == 0, "\(count) values are no rows of \(columns)")
  return count / columns
}

/// Whether every index lies in 0 ..< `limit`, or is the one that is allowed besides.
func checkIndices(_ indices: Span<Int32>, below limit: Int, except allowed: Int32?) {
  for index in indices.indices {
    let value = indices[index]
    precondition(Int(value) < limit && value >= 0 || value == allowed, "index \(value) of \(limit)")
  }
}
