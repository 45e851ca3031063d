import COpenBLAS

/// How a factor stands in a product.
public enum Orientation: Sendable {
  case plain
  case transposed
}

/// c = a b, or c += a b where `accumulates`; single precision, on the calling thread alone.
///
/// Equal arguments give equal bits. `c` may overlap neither factor. Call `LinearAlgebra.prepare()` once before.
public func multiply(
  _ a: Matrix, _ orientationA: Orientation, _ b: Matrix, _ orientationB: Orientation = .plain, into c: Matrix,
  accumulates: Bool = false
) {
  let (rowsA, columnsA) = orientationA == .plain ? (a.rows, a.columns) : (a.columns, a.rows)
  let (rowsB, columnsB) = orientationB == .plain ? (b.rows, b.columns) : (b.columns, b.rows)
  precondition(
    columnsA == rowsB && c.rows == rowsA && c.columns == columnsB,
    "[\(rowsA), \(columnsA)] × [\(rowsB), \(columnsB)] into [\(c.rows), \(c.columns)]")
  if c.rows == 0 || c.columns == 0 { return }
  if columnsA == 0 {
    if !accumulates { c.fill(0) }
    return
  }
  _ = LinearAlgebra.state
  if c.rows == 1 && orientationA == .plain {
    unsafe captioneer_sgemv(
      orientationB == .transposed ? 0 : 1, Int32(b.rows), Int32(b.columns), b.base, Int32(b.stride), a.base,
      accumulates ? 1 : 0, c.base)
    return
  }
  unsafe captioneer_sgemm(
    orientationA == .transposed ? 1 : 0, orientationB == .transposed ? 1 : 0, Int32(rowsA), Int32(columnsB),
    Int32(columnsA), 1, a.base, Int32(a.stride), b.base, Int32(b.stride), accumulates ? 1 : 0, c.base, Int32(c.stride))
}

/// c = a b, or c += a b where `accumulates`.
public func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, accumulates: Bool = false) {
  multiply(a, .plain, b, .plain, into: c, accumulates: accumulates)
}
