package import Captioners
import Kernels

/// Adam (Kingma & Ba 2015) with `torch.optim.Adam`'s arithmetic and defaults, over one flat buffer.
package struct Adam: Sendable {
  static let beta1 = 0.9
  static let beta2 = 0.999
  static let epsilon = 1e-8

  package let mean: MomentSet
  package let variance: MomentSet
  package internal(set) var steps = 0

  package init(_ parameters: ParameterSet) {
    mean = parameters.moments()
    variance = parameters.moments()
  }

  private static let blockSize = 1 << 16

  /// One step. `clip` bounds the norm of the whole gradient, as `torch.nn.utils.clip_grad_norm_`.
  package mutating func step(
    _ parameters: ParameterSet, gradients: GradientSet, learningRate: Double, clip: Double?, threads: Int
  ) {
    steps += 1
    precondition(parameters.entries == gradients.entries && parameters.entries == mean.entries)
    let slopes = gradients.storage
    let blocks = Partition(of: slopes.count, size: Self.blockSize)
    var scale = 1.0
    if let clip {
      var squares = 0.0
      for block in 0..<blocks.count { squares += Reduction.sumOfSquares(slopes.span(blocks[block])) }
      scale = min(1, clip / (squares.squareRoot() + 1e-6))
    }
    let update = AdamStep(
      gradientScale: Float(scale), stepSize: Float(learningRate / (1 - Self.power(Self.beta1, steps))),
      rootCorrection: Float((1 - Self.power(Self.beta2, steps)).squareRoot()), beta1: Float(Self.beta1),
      beta2: Float(Self.beta2), epsilon: Float(Self.epsilon))
    let windows = together(
      parameters.storage.partitioned(columns: blocks), mean.storage.partitioned(columns: blocks),
      variance.storage.partitioned(columns: blocks))
    windows.forEach(threads: threads) { window, block in
      let (values, means, variances) = window
      var parameters = values.mutableSpan
      var mean = means.mutableSpan
      var variance = variances.mutableSpan
      update.apply(to: &parameters, gradients: slopes.span(blocks[block]), mean: &mean, variance: &variance)
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
