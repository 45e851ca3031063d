import Kernels
import Testing

/// Every level gives the same bits, and rounds a multiply-add once.
@Suite(.serialized) struct LevelTests {
  /// Numbers of a hash, over 60 powers of two where `isWild`, with `bits` bits after the first.
  private func numbers(_ count: Int, seed: UInt32, scale: Float = 1, isWild: Bool = false, bits: Int = 23) -> [Float] {
    (0..<count).map { index in
      var hash = UInt32(truncatingIfNeeded: index) &* 2_654_435_761 &+ seed &* 40503
      hash ^= hash >> 15
      hash = hash &* 2_246_822_519
      hash ^= hash >> 13
      let exponent = isWild ? 97 + UInt(hash >> 3) % 60 : 126
      let significand = hash & (0x7FFFFF << UInt32(23 - bits))
      let sign: FloatingPointSign = hash >> 31 == 0 ? .plus : .minus
      return scale * Float(sign: sign, exponentBitPattern: exponent, significandBitPattern: significand)
    }
  }

  /// What `body` gives at each level of this CPU must be the same to the bit.
  private func expectEqual(_ what: String, _ body: () -> [UInt64]) {
    defer { CPULevel.use(nil) }
    var first: [UInt64]?
    for level in CPULevel.available {
      CPULevel.use(level)
      #expect(CPULevel.current == level)
      let found = body()
      #expect(found == first ?? found, "\(what): \(level) differs from portable")
      first = first ?? found
    }
  }

  private func bits(_ values: [Float]) -> [UInt64] { values.map { UInt64($0.bitPattern) } }

  @Test(arguments: [false, true]) func recurrentKernels(_ isWild: Bool) {
    for columns in [5, 16, 33, 867] {
      let rows = 7
      let count = rows * columns
      let targets: [Int32] = [1, 4, 0, Int32(columns - 1), 2, 0, 3]
      let x = numbers(count, seed: 1, scale: 6, isWild: isWild)
      let y = numbers(count, seed: 2, isWild: isWild)
      let bias = numbers(columns, seed: 3, isWild: isWild)
      expectEqual("tanh") {
        var found = x
        var span = found.mutableSpan
        Activation.biasTanh(&span, bias: bias.span)
        return bits(found)
      }
      expectEqual("tanh's gradient") {
        var found = x
        var span = found.mutableSpan
        Activation.tanhGradient(&span, carry: y.span.extracting(first: count / 2), y: y.span)
        return bits(found)
      }
      expectEqual("softmax") {
        self.softmax(x, bias: bias, targets: targets)
      }
      expectEqual("Adam") {
        self.adam(y, gradients: x)
      }
      expectEqual("sums") {
        var sums = bias
        var span = sums.mutableSpan
        Reduction.addColumnSums(of: x.span, to: &span)
        return bits(sums) + [Reduction.sumOfSquares(x.span).bitPattern]
      }
    }
  }

  private func softmax(_ scores: [Float], bias: [Float], targets: [Int32]) -> [UInt64] {
    var found = scores
    var sums = bias
    var span = found.mutableSpan
    var sumSpan = sums.mutableSpan
    let loss = CrossEntropy.lossAndGradient(
      &span, bias: bias.span, targets: targets.span, ignored: 0, scale: 0.01, biasGradient: &sumSpan)
    return bits(found) + bits(sums) + [loss.bitPattern]
  }

  private func adam(_ start: [Float], gradients: [Float]) -> [UInt64] {
    var parameters = start
    var mean = gradients
    var variance = gradients.map { abs($0) }
    var parameterSpan = parameters.mutableSpan
    var meanSpan = mean.mutableSpan
    var varianceSpan = variance.mutableSpan
    let step = AdamStep(
      gradientScale: 0.7, stepSize: 1e-3, rootCorrection: 0.9, beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
    step.apply(to: &parameterSpan, gradients: gradients.span, mean: &meanSpan, variance: &varianceSpan)
    return bits(parameters) + bits(mean) + bits(variance)
  }

  /// One multiply-add for each output: `input · weight + bias`. Few bits make sums that lie between two floats; the last columns'
  /// lie just beside, further than f64 can tell.
  @Test(arguments: [3, 11, 12, 23]) func aMultiplyAddIsRoundedOnce(_ kept: Int) {
    let (pixels, columns) = (700, 48)
    var weights = numbers(columns, seed: 5, isWild: true, bits: kept)
    weights[0] = 0x1p-60
    weights[1] = -0.0
    var bias = numbers(columns, seed: 6, isWild: true, bits: kept)
    var input = numbers(pixels, seed: 7, isWild: true, bits: kept)
    input[0] = 0x1p-100
    input[1] = .infinity
    input[2] = 0x1.fffffep127
    (input[3], input[4], input[5]) = (1 + 0x1p-23, 1 + 0x1p-12, -1 - 0x1p-23)
    let beside: [Float] = [1 - 0x1p-23, 1 - 0x1p-12 + 0x1p-24]
    let starts: [Float] = [1, 1 + 0x1p-23, -1, 2 - 0x1p-23]
    for (offset, start) in starts.enumerated() {
      for (other, weight) in beside.enumerated() {
        weights[2 + 2 * offset + other] = weight * 0x1p-24
        bias[2 + 2 * offset + other] = start
      }
    }
    let pointwise = PointwiseConvolution(
      FoldedConvolution(weights: weights, bias: bias), inputChannels: 1, clamps: false)
    let expected = input.flatMap { value in zip(weights, bias).map { $1.addingProduct(value, $0) } }
    expectEqual("multiply-add") {
      var source = FloatBuffer(count: pixels)
      var output = FloatBuffer(count: pixels * columns)
      var scratch = FloatBuffer(count: pixels)
      var span = source.mutableSpan
      for index in input.indices { span[index] = input[index] }
      pointwise.run(source, pixels: pixels, into: &output, scratch: &scratch)
      let found = output.span
      for index in expected.indices where !expected[index].isNaN {
        guard found[index].bitPattern != expected[index].bitPattern else { continue }
        Issue.record("\(CPULevel.current): \(found[index]), expected \(expected[index])")
        break
      }
      return expected.indices.map { expected[$0].isNaN ? 0 : UInt64(found[$0].bitPattern) }
    }
  }
}
