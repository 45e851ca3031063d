import Tensors
import Testing

/// Numbers that no pattern of a product can imitate.
private func numbers(_ count: Int, _ salt: Int) -> [Float] {
  (0..<count).map { Float((($0 &+ salt) &* 7919) % 1013 - 506) / 506 }
}

@Suite struct MatrixProductTests {
  @Test(arguments: [(1, 1, 1), (1, 33, 70), (3, 5, 7), (17, 19, 23), (64, 48, 32), (129, 257, 65)])
  func everyOrientationEqualsTheSum(_ rows: Int, _ inner: Int, _ columns: Int) throws {
    try LinearAlgebra.prepare()
    let a = numbers(rows * inner, 1)
    let b = numbers(inner * columns, 2)
    let start = numbers(rows * columns, 3)
    for orientationA in [Orientation.plain, .transposed] {
      for orientationB in [Orientation.plain, .transposed] {
        for accumulates in [false, true] {
          let left =
            orientationA == .plain
            ? Matrix(rows: rows, columns: inner, a)
            : Matrix(
              rows: inner, columns: rows, (0..<inner).flatMap { k in (0..<rows).map { a[$0 * inner + k] } })
          let right =
            orientationB == .plain
            ? Matrix(rows: inner, columns: columns, b)
            : Matrix(
              rows: columns, columns: inner, (0..<columns).flatMap { c in (0..<inner).map { b[$0 * columns + c] } })
          let product = Matrix(rows: rows, columns: columns, start)
          multiply(left, orientationA, right, orientationB, into: product, accumulates: accumulates)
          let values = product.values
          for row in 0..<rows {
            for column in 0..<columns {
              var sum = accumulates ? Double(start[row * columns + column]) : 0
              for k in 0..<inner { sum += Double(a[row * inner + k]) * Double(b[k * columns + column]) }
              #expect(abs(sum - Double(values[row * columns + column])) < 1e-5 * Double(inner + 1))
            }
          }
        }
      }
    }
  }

  @Test func windowsWriteOnlyWhatIsTheirs() {
    let whole = Matrix(rows: 5, columns: 6)
    let window = whole.rows(1..<4).columns(2..<5)
    multiply(Matrix(rows: 3, columns: 1, [1, 2, 3]), Matrix(rows: 1, columns: 3, [1, 10, 100]), into: window)
    #expect(window.values == [1, 10, 100, 2, 20, 200, 3, 30, 300])
    #expect(whole.values.reduce(0, +) == 666)
    #expect(whole.rows(0..<1).values + whole.rows(4..<5).values == [Float](repeating: 0, count: 12))
  }

  @Test func theCoreFitsTheCPU() throws {
    try LinearAlgebra.prepare()
    #expect(LinearAlgebra.coreName != "Prescott" || LinearAlgebra.cpuIsOld, "OpenBLAS runs its SSE3 kernels")
  }
}
