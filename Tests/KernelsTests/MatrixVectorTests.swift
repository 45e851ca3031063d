import Kernels
import Testing

/// Against sums in f64, on every CPU level, for sizes that fill no vector and no group of rows.
@Suite(.serialized) struct MatrixVectorTests {
  @Test(arguments: [(1, 1), (3, 7), (4, 16), (5, 17), (9, 31), (64, 512), (863, 130)])
  func productsAreThoseOfTheDefinition(rows: Int, columns: Int) {
    func value(_ index: Int) -> Float { Float((index &* 7919) % 257 - 128) / 128 }
    let matrix = (0..<rows * columns).map(value)
    let x = (0..<columns).map { value($0 + 11) }
    let bias = (0..<rows).map { value($0 + 5) }
    for level in CPULevel.available {
      CPULevel.use(level)
      defer { CPULevel.use(.avx512) }
      for hasBias in [false, true] {
        var y = [Float](repeating: 99, count: rows)
        var span = y.mutableSpan
        multiply(matrix.span, vector: x.span, bias: hasBias ? bias.span : nil, into: &span)
        for row in 0..<rows {
          var sum = hasBias ? Double(bias[row]) : 0
          for column in 0..<columns { sum += Double(matrix[row * columns + column]) * Double(x[column]) }
          #expect(abs(Double(y[row]) - sum) <= 1e-5 * Double(columns), "row \(row) at \(level)")
        }
      }
    }
  }
}
