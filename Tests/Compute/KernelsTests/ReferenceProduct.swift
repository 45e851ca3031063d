/// Σ_k a(row, k) · b(k, column) + start(row, column) in f64, as it is written down: the one reference of every product and tile.
///
/// - Returns: [rows, columns].
func referenceProduct(
  rows: Int, depth: Int, columns: Int, _ a: (_ row: Int, _ k: Int) -> Float, _ b: (_ k: Int, _ column: Int) -> Float,
  start: (_ row: Int, _ column: Int) -> Float
) -> [Double] {
  var sums: [Double] = []
  sums.reserveCapacity(rows * columns)
  for row in 0..<rows {
    for column in 0..<columns {
      var sum = Double(start(row, column))
      for k in 0..<depth { sum += Double(a(row, k)) * Double(b(k, column)) }
      sums.append(sum)
    }
  }
  return sums
}
