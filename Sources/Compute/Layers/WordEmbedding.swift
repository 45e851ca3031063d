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

  /// Adds the gradient of out [rows, size] to `columns` of this table's gradient, in rising row.
  ///
  /// Call on the embedding that holds the gradients, zero before.
  package func backward(_ gradient: Matrix, _ tokens: Span<Int32>, columns: Range<Int>) {
    var sums = table.mutableSpan
    Rows.scatterAdd(
      gradient.span, at: tokens, columns: table.columns, range: columns, to: &sums)
  }
}
