import Captioners
import Kernels
import Layers
import Random
import Vocabularies
import Workers

/// Training steps: rows gathered from memory, loss, gradients, Adam. Caption lengths as COCO's: about N(10.5, 2) words.
final class TrainingPath {
  private static let width = 17
  private let words = 864
  private let batch: Int
  private let captions: Int
  private let captioner: RecurrentCaptioner
  private let gradients: RecurrentCaptionerGradients
  private let features: Matrix  // [captions, 1280]
  private var tokens: [Int32] = []
  private var lengths: [Int32] = []
  private let mean: MomentSet
  private let variance: MomentSet
  private var order: [Int]
  private var position = 0
  private var steps = 0

  init(batch: Int, hidden: Int, captions: Int, threads: Int) throws {
    self.batch = batch
    self.captions = captions
    order = Array(0..<captions)
    captioner = RecurrentCaptioner(
      sizes: .init(features: 1280, words: words, wordVector: 256, hidden: hidden),
      vocabulary: (0..<words).map { "w\($0)" }, seed: 1)
    gradients = try RecurrentCaptionerGradients(captioner, captions: batch, steps: Self.width - 1, threads: threads)
    mean = captioner.parameters.moments()
    variance = captioner.parameters.moments()
    features = Matrix(rows: captions, columns: 1280)
    var random = SplitMix64(seed: 2)
    random.shuffle(&order)
    let values = (0..<captions * 1280).map { _ in Float(random.uniform()) }
    features.copy(from: values.span)
    // Zipf's law over the ordinary words, by its inverse: word k with probability about 1 / (k ln 860).
    for _ in 0..<captions {
      let count = min(15, max(6, Int((10.5 + 2 * random.normal()).rounded())))
      var row = [SpecialToken.start]
      for _ in 0..<count { row.append(4 + Int32(min(859, Self.power(860, random.uniform()) - 1))) }
      row.append(SpecialToken.end)
      lengths.append(Int32(row.count))
      tokens += row + [Int32](repeating: SpecialToken.null, count: Self.width - row.count)
    }
  }

  /// base^exponent for exponents in 0 ... 1, by square roots.
  private static func power(_ base: Double, _ exponent: Double) -> Double {
    var (result, root, rest) = (1.0, base, exponent)
    for _ in 0..<40 {
      root = root.squareRoot()
      rest *= 2
      if rest >= 1 {
        result *= root
        rest -= 1
      }
    }
    return result
  }

  func run(threads: Int) throws -> Int {
    if position + batch > captions { position = 0 }
    let selected = Array(order[position..<position + batch])
    position += batch
    steps += 1
    gradients.pack(tokens: tokens.span, width: Self.width, lengths: lengths.span, selected: selected.span)
    for (row, index) in gradients.batch.order.enumerated() {
      gradients.features.rows(row..<row + 1).copy(from: features.rows(index..<index + 1).span)
    }
    _ = gradients.computeGradients()
    let update = AdamStep(
      gradientScale: 1, stepSize: 1e-3, rootCorrection: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
    let (values, slopes) = (captioner.parameters.storage, gradients.gradients.storage)
    let (means, variances) = (mean.storage, variance.storage)
    let block = 1 << 16
    try forEachIndex((values.count + block - 1) / block, threads: threads) { index, _ in
      let range = index * block..<min(values.count, (index + 1) * block)
      var parameters = values.mutableSpan(range)
      var mean = means.mutableSpan(range)
      var variance = variances.mutableSpan(range)
      update.apply(
        to: &parameters, gradients: slopes.span(range), mean: &mean, variance: &variance)
    }
    return 1
  }
}
