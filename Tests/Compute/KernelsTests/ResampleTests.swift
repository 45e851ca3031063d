import Files
import Kernels
import Testing

/// Every level against the sum as it is written down, for odd sizes.
@Suite(.serialized) struct ResampleTests {
  static func noise(_ count: Int, _ seed: UInt64) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1
      return UInt8(truncatingIfNeeded: state >> 40)
    }
  }

  static func rounded(_ sum: Int) -> UInt8 { UInt8(min(255, (sum + 1 << 21) >> 22)) }

  /// Windows that slide over `inputs`, with weights that add up to nearly 1 << 22.
  static func filter(inputs: Int, outputs: Int, taps: Int) -> (bounds: [Range<Int>], weights: [[Int32]]) {
    let count = min(taps, inputs)
    let bounds = (0..<outputs).map { output in
      let first = outputs == 1 ? 0 : output * (inputs - count) / (outputs - 1)
      return first..<first + count
    }
    let total = count * (count + 1) / 2
    let row = (1...count).map { Int32($0 * (1 << 22) / total) }
    return (bounds, bounds.map { _ in row })
  }

  @Test(arguments: [1, 2, 5, 8, 13, 17, 31])
  func rowsOnEveryLevel(taps: Int) {
    for (inputs, outputs, count) in [(1, 1, 1), (3, 2, 5), (40, 7, 4), (97, 33, 6), (640, 112, 3)] {
      let (bounds, weights) = Self.filter(inputs: inputs, outputs: outputs, taps: taps)
      let table = ResampleTable(inputs: inputs, bounds: bounds, weights: weights)
      let stride = 3 * inputs + ResampleTable.rowPadding
      let rows = Self.noise(stride * count, UInt64(taps))
      let ringStride = 3 * outputs + ResampleTable.spareBytes
      var expected: [UInt8] = []
      for row in 0..<count {
        for output in 0..<outputs {
          for channel in 0..<3 {
            let sum = zip(bounds[output], weights[output]).reduce(0) {
              $0 + Int($1.1) * Int(rows[row * stride + 3 * $1.0 + channel])
            }
            expected.append(Self.rounded(sum))
          }
        }
      }
      for level in CPULevel.available {
        CPULevel.use(level)
        defer { CPULevel.use(nil) }
        var scratch = [UInt8](repeating: 0, count: table.scratchCount)
        // A ring that the rows go round in: the first of them is row 2 of the picture.
        let capacity = count + 1
        var ring = [UInt8](repeating: 0, count: capacity * ringStride)
        table.apply(
          to: rows.byteSpan, stride: stride, count: count, ring: &ring, ringStride: ringStride, capacity: capacity,
          firstRow: 2, scratch: &scratch)
        let found = (0..<count).flatMap { row in
          let start = (row + 2) % capacity * ringStride
          return Array(ring[start..<start + 3 * outputs])
        }
        #expect(found == expected, "\(level), \(inputs) to \(outputs), \(taps) taps")
      }
    }
  }

  @Test(arguments: [1, 3, 12, 40])
  func columnsOnEveryLevel(taps: Int) {
    for count in [1, 15, 63, 64, 65, 336] {
      let capacity = taps + 3
      let stride = count + 5
      let ring = Self.noise(capacity * stride, UInt64(count))
      let weights = Self.filter(inputs: taps, outputs: 1, taps: taps).weights[0]
      let expected = (0..<count).map { column in
        Self.rounded(
          (0..<taps).reduce(0) { $0 + Int(weights[$1]) * Int(ring[($1 + 7) % capacity * stride + column]) })
      }
      for level in CPULevel.available {
        CPULevel.use(level)
        defer { CPULevel.use(nil) }
        var row = [UInt8](repeating: 9, count: count + 2)
        ResampleColumns.apply(
          ring: ring, ringStride: stride, capacity: capacity, first: 7, weights: weights, row: &row, count: count)
        #expect(row == expected + [9, 9], "\(level), \(count) columns, \(taps) taps")
      }
    }
  }

  @Test func planes() {
    let pixels = Self.noise(3 * 50, 3)
    for level in CPULevel.available {
      CPULevel.use(level)
      defer { CPULevel.use(nil) }
      var planes = [UInt8](repeating: 7, count: 3 * 60)
      var span = planes.mutableSpan
      ResampleColumns.split(pixels, pixels: 50, into: &span, plane: 60, offset: 4)
      for channel in 0..<3 {
        let plane = Array(planes[60 * channel..<60 * channel + 60])
        #expect(Array(plane[4..<54]) == (0..<50).map { pixels[3 * $0 + channel] })
        #expect(plane[..<4].allSatisfy { $0 == 7 } && plane[54...].allSatisfy { $0 == 7 })
      }
    }
  }
}
