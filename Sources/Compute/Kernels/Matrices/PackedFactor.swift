import CKernels
import Synchronization

/// The second factor of many products, laid out once for the kernels: weights that every step of a sequence reads.
///
/// Not for packing while another thread multiplies with it.
package final class PackedFactor: Sendable {
  /// Of the factor as it stands in the product.
  package let rows: Int
  package let columns: Int
  let panels: FloatBuffer

  /// Room for a factor [rows, columns].
  package init(rows: Int, columns: Int) {
    precondition(rows > 0 && columns > 0)
    self.rows = rows
    self.columns = columns
    panels = FloatBuffer(count: captioneer_packed_factor_count(Int32(rows), Int32(columns)))
  }

  /// A copy of `matrix`.
  package convenience init(_ matrix: Matrix, _ orientation: Orientation = .plain) {
    let isPlain = orientation == .plain
    self.init(rows: isPlain ? matrix.rows : matrix.columns, columns: isPlain ? matrix.columns : matrix.rows)
    pack(matrix, orientation)
  }

  /// Takes the numbers of `matrix` [rows, columns], or of [columns, rows] where it is transposed.
  package func pack(_ matrix: Matrix, _ orientation: Orientation = .plain) {
    let isPlain = orientation == .plain
    precondition(
      (isPlain ? matrix.rows : matrix.columns) == rows && (isPlain ? matrix.columns : matrix.rows) == columns)
    unsafe captioneer_pack_factor(
      matrix.base, isPlain ? matrix.stride : 1, isPlain ? 1 : matrix.stride, Int32(rows), Int32(columns), panels.base)
  }
}

/// Working memory of products, kept between them: as many as ever ran at once.
enum ScratchPool {
  private static let free = Mutex<[SharedFloats]>([])

  static func take() -> SharedFloats {
    free.withLock { $0.popLast() } ?? SharedFloats(count: captioneer_matrix_product_scratch_count())
  }

  static func give(_ memory: SharedFloats) {
    free.withLock { $0.append(memory) }
  }
}
