package import Captioners
import Kernels
import Workers

/// Adam (Kingma & Ba 2015) with `torch.optim.Adam`'s arithmetic and defaults, over one flat buffer.
package struct Adam: Sendable {
  static let beta1 = 0.9
  static let beta2 = 0.999
  static let epsilon = 1e-8

  package let mean: ParameterSet
  package let variance: ParameterSet
  package internal(set) var steps = 0

  package init(_ parameters: ParameterSet) {
    mean = parameters.zeros()
    variance = parameters.zeros()
  }

  private static let blockSize = 1 << 16

  /// One step. `clip` bounds the norm of the whole gradient, as `torch.nn.utils.clip_grad_norm_`.
  package mutating func step(
    _ parameters: ParameterSet, gradients: ParameterSet, learningRate: Double, clip: Double?, threads: Int
  ) {
    steps += 1
    let (values, slopes, means, variances) = (parameters.storage, gradients.storage, mean.storage, variance.storage)
    let count = values.count
    let blocks = (count + Self.blockSize - 1) / Self.blockSize
    func range(_ block: Int) -> Range<Int> { block * Self.blockSize..<min(count, (block + 1) * Self.blockSize) }
    var scale = 1.0
    if let clip {
      var squares = 0.0
      for block in 0..<blocks { squares += Reduction.sumOfSquares(slopes.span(range(block))) }
      scale = min(1, clip / (squares.squareRoot() + 1e-6))
    }
    let update = AdamStep(
      gradientScale: Float(scale), stepSize: Float(learningRate / (1 - Self.power(Self.beta1, steps))),
      rootCorrection: Float((1 - Self.power(Self.beta2, steps)).squareRoot()), beta1: Float(Self.beta1),
      beta2: Float(Self.beta2), epsilon: Float(Self.epsilon))
    // The body throws nothing.
    try? forEachIndex(blocks, threads: threads) { block, _ in
      let range = block * Self.blockSize..<min(count, (block + 1) * Self.blockSize)
      var parameters = values.mutableSpan(range)
      var mean = means.mutableSpan(range)
      var variance = variances.mutableSpan(range)
      update.apply(
        to: &parameters, gradients: slopes.span(range), mean: &mean, variance: &variance)
    }
  }

  /// By squaring: equal on every host, which `pow` does not promise.
  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }
}
