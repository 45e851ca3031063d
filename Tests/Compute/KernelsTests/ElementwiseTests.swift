import Kernels
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Every CPU level beside the same formula in f64, for odd sizes. Serialized: the level is the process's.
@Suite(.serialized) struct ElementwiseTests {
  private static let sizes = [1, 3, 15, 16, 17, 31, 64, 100, 864]

  private func numbers(_ count: Int, _ scale: Double, _ salt: Int = 0) -> [Float] {
    (0..<count).map { Float(scale * sin(Double($0 &* 37 &+ salt) * 1.7)) }
  }

  @Test(arguments: CPULevel.available)
  func tanhIsCloseEverywhere(_ level: CPULevel) {
    defer { CPULevel.use(nil) }
    CPULevel.use(level)
    for count in Self.sizes {
      for scale in [0.01, 0.6, 0.7, 3, 40, 1000] {
        let x = numbers(count, scale)
        var y = x
        var span = y.mutableSpan
        Activation.tanh(&span)
        for (x, y) in zip(x, y) { #expect(abs(tanh(Double(x)) - Double(y)) <= 2.5e-7 * abs(tanh(Double(x))) + 1e-9) }
      }
    }
    var special: [Float] = [.nan, .infinity, -.infinity, 0, -0.0]
    var span = special.mutableSpan
    Activation.tanh(&span)
    #expect(special[0].isNaN && special[1] == 1 && special[2] == -1 && special[3] == 0)
  }

  @Test(arguments: CPULevel.available)
  func softmaxLossAndGradient(_ level: CPULevel) {
    defer { CPULevel.use(nil) }
    CPULevel.use(level)
    for columns in Self.sizes where columns > 2 {
      let rows = 5
      let targets: [Int32] = [1, 0, 2, Int32(columns - 1), 1]
      for scale in [0.1, 5, 60] {
        let scores = numbers(rows * columns, scale)
        let bias = numbers(columns, 1, 9)
        var (gradients, sums) = (scores, [Float](repeating: 0, count: columns))
        var gradientSpan = gradients.mutableSpan
        var sumSpan = sums.mutableSpan
        let loss = CrossEntropy.lossAndGradient(
          &gradientSpan, bias: bias.span, targets: targets.span, ignored: 0, scale: 0.25, biasGradient: &sumSpan)
        var copy = scores
        var copySpan = copy.mutableSpan
        let alone = CrossEntropy.loss(&copySpan, bias: bias.span, targets: targets.span, ignored: 0)
        var expected = 0.0
        var expectedSums = [Double](repeating: 0, count: columns)
        for row in 0..<rows {
          let logits = (0..<columns).map { Double(scores[row * columns + $0] + bias[$0]) }
          let top = logits.max()!
          let sum = logits.reduce(0) { $0 + exp($1 - top) }
          let target = Int(targets[row])
          if target != 0 { expected += log(sum) + top - logits[target] }
          for column in 0..<columns {
            let slope = target == 0 ? 0 : 0.25 * (exp(logits[column] - top) / sum - (column == target ? 1 : 0))
            expectedSums[column] += slope
            #expect(abs(Double(gradients[row * columns + column]) - slope) < 1e-6)
          }
        }
        #expect(abs(loss - expected) < 2e-6 * (abs(expected) + 1))
        #expect(loss == alone)
        for (sum, other) in zip(sums, expectedSums) { #expect(abs(Double(sum) - other) < 1e-6) }
      }
    }
  }

  @Test(arguments: CPULevel.available)
  func gradientsGathersAndSums(_ level: CPULevel) {
    defer { CPULevel.use(nil) }
    CPULevel.use(level)
    for count in Self.sizes {
      let (y, carry, start) = (numbers(count, 0.9), numbers(count / 2, 2, 5), numbers(count, 3, 7))
      var gradient = start
      var span = gradient.mutableSpan
      Activation.tanhGradient(&span, carry: carry.span, y: y.span)
      for index in 0..<count {
        let incoming = start[index] + (index < carry.count ? carry[index] : 0)
        #expect(abs(gradient[index] - incoming * (1 - y[index] * y[index])) < 1e-5)
      }
      let indices: [Int32] = [2, 0, 2, 1]
      let table = numbers(3 * count, 1)
      let rows = numbers(4 * count, 1, 3)
      var gathered = [Float](repeating: 9, count: 4 * count)
      var gatheredSpan = gathered.mutableSpan
      Rows.gather(of: table.span, at: indices.span, columns: count, into: &gatheredSpan)
      #expect(gathered == indices.flatMap { table[Int($0) * count..<(Int($0) + 1) * count] })
      var sums = [Float](repeating: 0, count: 3 * count)
      var sumsSpan = sums.mutableSpan
      let half = count / 2
      for range in [0..<half, half..<count] {
        Rows.scatterAdd(rows.span, at: indices.span, columns: count, range: range, to: &sumsSpan)
      }
      for column in 0..<count {
        #expect(sums[column] == rows[count + column])
        #expect(sums[2 * count + column] == rows[column] + rows[2 * count + column])
      }
      #expect(
        abs(Reduction.sumOfSquares(rows.span) - rows.reduce(0) { $0 + Double($1) * Double($1) })
          < 1e-9 * Double(count + 1))
      #expect(Reduction.largestIndex(y.span) == y.indices.max { y[$0] < y[$1] || (y[$0] == y[$1] && $0 > $1) })
    }
  }
}
