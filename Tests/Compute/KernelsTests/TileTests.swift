import Kernels
import Testing

/// Every partial register tile of every level, between numbers that must stay as they are.
@Suite struct TileTests {
  /// Beyond the largest tile, 14 × 32, in both directions: every tile occurs, alone and beside others.
  private static let (rows, columns) = (29, 65)

  private static func numbers(_ count: Int, _ salt: Int) -> [Float] {
    (0..<count).map { Float((($0 &+ salt) &* 7919) % 1013 - 506) / 506 }
  }

  /// Windows whose rows are a prime number of floats apart, on numbers.
  private static func window(_ rows: Int, _ columns: Int, stride: Int, _ salt: Int) -> (whole: Matrix, part: Matrix) {
    let whole = Matrix(rows: rows + 2, columns: stride, numbers((rows + 2) * stride, salt))
    return (whole, whole.rows(1..<rows + 1).columns(3..<columns + 3))
  }

  private func check(
    _ level: CPULevel, rows: Int, depth: Int, columns: Int, isTurned: Bool, isPacked: Bool, accumulates: Bool
  ) {
    let (aStride, bStride, cStride) = (1031, 1049, 83)
    let (turnedA, turnedB) = (isTurned && !isPacked, isTurned)
    let a = Self.window(turnedA ? depth : rows, turnedA ? rows : depth, stride: aStride, 1).part
    let b = Self.window(turnedB ? columns : depth, turnedB ? depth : columns, stride: bStride, 2).part
    let (whole, c) = Self.window(rows, columns, stride: cStride, 3)
    let (before, start) = (whole.values, c.values)
    if isPacked {
      multiply(a, PackedFactor(b, turnedB ? .transposed : .plain), into: c, accumulates: accumulates)
    } else {
      multiply(
        a, turnedA ? .transposed : .plain, b, turnedB ? .transposed : .plain, into: c, accumulates: accumulates)
    }
    let (left, right) = (a.values, b.values)
    let expected = referenceProduct(
      rows: rows, depth: depth, columns: columns, { turnedA ? left[$1 * rows + $0] : left[$0 * depth + $1] },
      { turnedB ? right[$1 * depth + $0] : right[$0 * columns + $1] },
      start: { accumulates ? start[$0 * columns + $1] : 0 })
    let shape = "\(level) \(rows)×\(depth)×\(columns)\(isTurned ? " turned" : "")\(isPacked ? " packed" : "")"
    let found = c.values
    for (index, wanted) in expected.enumerated() where abs(Double(found[index]) - wanted) > 1e-6 * Double(depth + 9) {
      Issue.record("\(shape): [\(index / columns), \(index % columns)] is \(found[index]), expected \(wanted)")
      return
    }
    var after = whole.values
    for row in 0..<rows {
      for column in 0..<columns {
        let place = (row + 1) * cStride + column + 3
        after[place] = before[place]
      }
    }
    #expect(after == before, "\(shape) wrote beside its window")
  }

  @Test(arguments: CPULevel.available) func everyPartialTileOfAProduct(_ level: CPULevel) {
    CPULevel.use(level)
    defer { CPULevel.use(nil) }
    for rows in 1...Self.rows {
      for columns in 1...Self.columns {
        let kind = rows &* 31 &+ columns
        check(
          level, rows: rows, depth: 1 + kind % 5, columns: columns, isTurned: kind % 2 == 0, isPacked: kind % 3 == 0,
          accumulates: kind % 7 < 3)
      }
    }
  }

  /// Sums run in blocks of at most 512.
  @Test(arguments: CPULevel.available) func depthsAroundTheBlock(_ level: CPULevel) {
    CPULevel.use(level)
    defer { CPULevel.use(nil) }
    for depth in [1, 15, 16, 17, 511, 512, 513, 1023, 1024, 1025] {
      for (rows, columns) in [(1, 1), (14, 32), (15, 33), (5, 47), (2, 8)] {
        for kind in 0..<8 {
          check(
            level, rows: rows, depth: depth, columns: columns, isTurned: kind & 1 == 0, isPacked: kind & 2 == 0,
            accumulates: kind & 4 == 0)
        }
      }
    }
  }

  /// Bias, clamp and the half tile.
  @Test(arguments: CPULevel.available) func everyPartialTileOfAConvolution(_ level: CPULevel) {
    CPULevel.use(level)
    defer { CPULevel.use(nil) }
    let depth = 5
    for columns in 1...Self.columns {
      let weights = Self.numbers(columns * depth, 5)
      let bias = Self.numbers(columns, 6)
      let convolution = FoldedConvolution(weights: weights, bias: bias)
      let layers = [false, true].map { PointwiseConvolution(convolution, inputChannels: depth, clamps: $0) }
      for pixels in 1...Self.rows {
        let input = Self.numbers(pixels * depth, 7)
        var source = FloatBuffer(count: pixels * depth)
        var span = source.mutableSpan
        for index in input.indices { span[index] = 3 * input[index] }
        let expected = referenceProduct(
          rows: pixels, depth: depth, columns: columns, { 3 * input[$0 * depth + $1] }, { weights[$1 * depth + $0] },
          start: { bias[$1] })
        for layer in layers {
          var output = FloatBuffer(count: pixels * columns + 1)
          var scratch = FloatBuffer(count: pixels)
          layer.run(source, pixels: pixels, into: &output, scratch: &scratch)
          let found = output.span
          for index in expected.indices {
            let wanted = layer.clamps ? min(max(expected[index], 0), 6) : expected[index]
            guard abs(Double(found[index]) - wanted) > 2e-5 else { continue }
            Issue.record("\(level) \(pixels)×\(columns): \(found[index]), expected \(wanted)")
            break
          }
          #expect(found[expected.count] == 0)
        }
      }
    }
  }
}
