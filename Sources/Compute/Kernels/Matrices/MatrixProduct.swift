import CKernels
import COpenBLAS

/// How a factor stands in a product.
package enum Orientation: Sendable {
  case plain
  case transposed
}

/// c = a b, or c += a b where `accumulates`; single precision, on the calling thread alone.
///
/// With our own kernels an element's bits depend on its own row and column only, on every CPU. `c` may overlap neither factor.
package func multiply(
  _ a: Matrix, _ orientationA: Orientation, _ b: Matrix, _ orientationB: Orientation = .plain, into c: Matrix,
  accumulates: Bool = false
) {
  let (rowsA, depth) = orientationA == .plain ? (a.rows, a.columns) : (a.columns, a.rows)
  let (rowsB, columnsB) = orientationB == .plain ? (b.rows, b.columns) : (b.columns, b.rows)
  precondition(
    depth == rowsB && c.rows == rowsA && c.columns == columnsB,
    "[\(rowsA), \(depth)] × [\(rowsB), \(columnsB)] into [\(c.rows), \(c.columns)]")
  if c.rows == 0 || c.columns == 0 { return }
  if depth == 0 {
    if !accumulates { c.fill(0) }
    return
  }
  let isOpenBLAS = LinearAlgebra.bitsDependOnBlocks
  if isOpenBLAS && c.rows == 1 && orientationA == .plain {
    unsafe captioneer_sgemv(
      orientationB == .transposed ? 0 : 1, Int32(b.rows), Int32(b.columns), b.base, Int32(b.stride), a.base,
      accumulates ? 1 : 0, c.base)
  } else if isOpenBLAS {
    unsafe captioneer_sgemm(
      orientationA == .transposed ? 1 : 0, orientationB == .transposed ? 1 : 0, Int32(rowsA), Int32(columnsB),
      Int32(depth), a.base, Int32(a.stride), b.base, Int32(b.stride), accumulates ? 1 : 0, c.base, Int32(c.stride))
  } else {
    var product = unsafe captioneer_matrix_product(a, orientationA, depth: depth, into: c, accumulates: accumulates)
    unsafe product.b = UnsafePointer(b.base)
    unsafe product.b_row = orientationB == .plain ? b.stride : 1
    unsafe product.b_column = orientationB == .plain ? 1 : b.stride
    unsafe run(&product)
  }
}

/// c = a b, or c += a b where `accumulates`.
package func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, accumulates: Bool = false) {
  multiply(a, .plain, b, .plain, into: c, accumulates: accumulates)
}

/// c = a b, or c += a b where `accumulates`, with our own kernels on every CPU: an element's bits depend on its own row of `a` only.
package func multiply(_ a: Matrix, _ b: PackedFactor, into c: Matrix, accumulates: Bool = false) {
  precondition(
    a.columns == b.rows && c.rows == a.rows && c.columns == b.columns,
    "[\(a.rows), \(a.columns)] × [\(b.rows), \(b.columns)] into [\(c.rows), \(c.columns)]")
  if c.rows == 0 { return }
  var product = unsafe captioneer_matrix_product(a, .plain, depth: b.rows, into: c, accumulates: accumulates)
  unsafe product.packed = UnsafePointer(b.panels.base)
  unsafe run(&product)
}

private func run(_ product: inout captioneer_matrix_product) {
  let memory = ScratchPool.take()
  unsafe captioneer_multiply_matrices(&product, memory.buffer.base)
  ScratchPool.give(memory)
}

extension captioneer_matrix_product {
  /// All but the second factor.
  fileprivate init(_ a: Matrix, _ orientation: Orientation, depth: Int, into c: Matrix, accumulates: Bool) {
    unsafe self.init()
    unsafe self.a = UnsafePointer(a.base)
    unsafe a_row = orientation == .plain ? a.stride : 1
    unsafe a_column = orientation == .plain ? 1 : a.stride
    unsafe self.c = c.base
    unsafe c_row = c.stride
    unsafe rows = Int32(c.rows)
    unsafe self.depth = Int32(depth)
    unsafe columns = Int32(c.columns)
    unsafe self.accumulates = accumulates ? 1 : 0
  }
}
