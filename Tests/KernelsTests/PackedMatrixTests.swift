import Kernels
import Testing

/// Against sums in f64, on every CPU level, for sizes that fill no tile.
@Suite(.serialized) struct PackedMatrixTests {
  private static func value(_ index: Int) -> Float { Float((index &* 7919) % 257 - 128) / 128 }

  private static func buffer(_ values: [Float]) -> FloatBuffer {
    var buffer = FloatBuffer(count: values.count)
    var span = buffer.mutableSpan
    for index in values.indices { span[index] = values[index] }
    return buffer
  }

  @Test(arguments: [(1, 1, 1), (2, 7, 3), (5, 16, 16), (13, 33, 40), (29, 128, 863)])
  func productsAreThoseOfTheDefinition(rows: Int, inputs: Int, outputs: Int) {
    let weights = (0..<outputs * inputs).map(Self.value)
    let bias = (0..<outputs).map { Self.value($0 + 5) }
    let x = (0..<rows * inputs).map { Self.value($0 + 11) }
    let before = (0..<rows * outputs).map { Self.value($0 + 17) }
    let matrix = PackedMatrix(weights, inputs: inputs, outputs: outputs, bias: bias)
    for level in CPULevel.available {
      CPULevel.use(level)
      defer { CPULevel.use(.avx512) }
      for accumulates in [false, true] {
        var y = Self.buffer(before)
        matrix.multiply(Self.buffer(x), rows: rows, into: &y, accumulates: accumulates)
        let found = y.span
        for row in 0..<rows {
          for output in 0..<outputs {
            var sum = Double(bias[output]) + (accumulates ? Double(before[row * outputs + output]) : 0)
            for k in 0..<inputs { sum += Double(weights[output * inputs + k]) * Double(x[row * inputs + k]) }
            #expect(abs(Double(found[row * outputs + output]) - sum) <= 1e-6 * Double(inputs + 1), "\(row), \(output)")
          }
        }
      }
    }
  }

  @Test func aRowsProductDoesNotDependOnTheOthers() {
    let (inputs, outputs, rows) = (50, 70, 27)
    let matrix = PackedMatrix((0..<outputs * inputs).map(Self.value), inputs: inputs, outputs: outputs)
    let x = (0..<rows * inputs).map { Self.value($0 + 3) }
    var together = FloatBuffer(count: rows * outputs)
    matrix.multiply(Self.buffer(x), rows: rows, into: &together)
    let all = together.span
    for row in 0..<rows {
      var alone = FloatBuffer(count: outputs)
      matrix.multiply(Self.buffer(Array(x[row * inputs..<(row + 1) * inputs])), rows: 1, into: &alone)
      let one = alone.span
      #expect((0..<outputs).allSatisfy { one[$0] == all[row * outputs + $0] })
    }
  }

  @Test func rowsAreGatheredMovedAndSearched() {
    let table = Self.buffer([1, 2, 3, 4, 5, 6])
    var rows = FloatBuffer(count: 6)
    rows.gatherRows(of: table, at: [2, 0, 2], columns: 2)
    rows.moveRow(1, to: 0, columns: 2)
    let span = rows.span
    #expect((0..<6).map { span[$0] } == [1, 2, 1, 2, 5, 6])
    #expect(Self.buffer([0, 9, 9, 1]).largestIndex(ofRow: 0, columns: 4) == 1)
    #expect(Self.buffer([0, 9, 1, 3]).largestIndex(ofRow: 1, columns: 2) == 1)
  }
}
