import Kernels
import Testing

/// Numbers that no pattern of a product can imitate.
private func numbers(_ count: Int, _ salt: Int) -> [Float] {
  (0..<count).map { Float((($0 &+ salt) &* 7919) % 1013 - 506) / 506 }
}

@Suite struct MatrixProductTests {
  @Test(arguments: [
    (1, 1, 1), (1, 33, 70), (3, 5, 7), (15, 15, 21), (17, 19, 23), (64, 48, 32), (129, 257, 65), (2, 1030, 1100),
  ])
  func everyOrientationEqualsTheSumOnEveryLevel(_ rows: Int, _ inner: Int, _ columns: Int) {
    defer { CPULevel.use(nil) }
    var first: [[Float]]?
    for level in CPULevel.available {
      CPULevel.use(level)
      let found = everyOrientationEqualsTheSum(rows, inner, columns)
      #expect(found == first ?? found, "\(level) differs from portable")
      first = first ?? found
    }
  }

  /// Returns the products.
  private func everyOrientationEqualsTheSum(_ rows: Int, _ inner: Int, _ columns: Int) -> [[Float]] {
    var products: [[Float]] = []
    let a = numbers(rows * inner, 1)
    let b = numbers(inner * columns, 2)
    let start = numbers(rows * columns, 3)
    let sums = referenceProduct(
      rows: rows, depth: inner, columns: columns, { a[$0 * inner + $1] }, { b[$0 * columns + $1] }, start: { _, _ in 0 }
    )
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
          let packed = Matrix(rows: rows, columns: columns, start)
          if orientationA == .plain {
            multiply(left, PackedFactor(right, orientationB), into: packed, accumulates: accumulates)
          }
          let (values, packedValues) = (product.values, packed.values)
          products += [values, packedValues]
          for (index, sum) in sums.enumerated() {
            let expected = sum + (accumulates ? Double(start[index]) : 0)
            #expect(abs(expected - Double(values[index])) < 1e-6 * Double(inner + 9))
            if orientationA == .plain {
              #expect(abs(expected - Double(packedValues[index])) < 1e-6 * Double(inner + 9))
            }
          }
        }
      }
    }
    return products
  }

  @Test func windowsWriteOnlyWhatIsTheirs() {
    let whole = Matrix(rows: 5, columns: 6)
    let window = whole.rows(1..<4).columns(2..<5)
    multiply(Matrix(rows: 3, columns: 1, [1, 2, 3]), Matrix(rows: 1, columns: 3, [1, 10, 100]), into: window)
    #expect(window.values == [1, 10, 100, 2, 20, 200, 3, 30, 300])
    #expect(whole.values.reduce(0, +) == 666)
    #expect(whole.rows(0..<1).values + whole.rows(4..<5).values == [Float](repeating: 0, count: 12))
  }

  @Test func anElementsBitsDoNotDependOnTheRowsAndColumnsBesideIt() {
    let (rows, inner, columns) = (61, 700, 90)
    let a = Matrix(rows: rows, columns: inner, numbers(rows * inner, 4))
    let b = Matrix(rows: inner, columns: columns, numbers(inner * columns, 5))
    for level in CPULevel.available {
      CPULevel.use(level)
      defer { CPULevel.use(nil) }
      let packed = PackedFactor(b)
      let whole = Matrix(rows: rows, columns: columns)
      multiply(a, packed, into: whole)
      for range in [0..<1, 1..<3, 3..<20, 20..<61] {
        let part = Matrix(rows: range.count, columns: columns)
        multiply(a.rows(range), packed, into: part)
        #expect(part.values == whole.rows(range).values)
      }
      for range in [0..<1, 1..<32, 32..<37, 37..<90] {
        let part = Matrix(rows: rows, columns: range.count)
        multiply(a, b.columns(range), into: part)
        #expect(part.values == whole.columns(range).values)
      }
      for range in [0..<1, 1..<61] {
        let part = Matrix(rows: range.count, columns: columns)
        multiply(a.rows(range), b, into: part)
        #expect(part.values == whole.rows(range).values)
      }
    }
  }
}
