package import Kernels

/// A row of numbers for each word.
package struct WordEmbedding: Sendable {
  package let table: Matrix  // [words, size]

  package init(table: Matrix) { self.table = table }

  /// tokens [rows] → out [rows, size]
  package func forward(_ tokens: Span<Int32>, into out: Matrix) {
    var rows = out.mutableSpan
    Rows.gather(of: table.span, at: tokens, columns: table.columns, into: &rows)
  }

  /// The gradient of the table.
  package struct Gradients: Sendable {
    package let table: Matrix  // [words, size]

    package init(table: Matrix) { self.table = table }

    /// The table's gradient, parted by columns.
    package func columns(_ parts: Partition) -> Partitioned<Columns> {
      table.partitioned(columns: parts).map { Columns(gradient: $0, table: table, range: parts[$1]) }
    }
  }

  /// Columns of the table's gradient.
  package struct Columns: Sendable {
    fileprivate let gradient: Matrix  // [words, range.count]
    /// Not the window: the kernel takes whole rows and adds to `range` of each.
    fileprivate let table: Matrix  // [words, size]
    fileprivate let range: Range<Int>

    /// Gradient of out [rows, size], all of it → these columns, set to its sums in rising row.
    package func backward(_ outputGradient: Matrix, _ tokens: Span<Int32>) {
      gradient.fill(0)
      var sums = table.mutableSpan
      Rows.scatterAdd(outputGradient.span, at: tokens, columns: table.columns, range: range, to: &sums)
    }
  }
}
