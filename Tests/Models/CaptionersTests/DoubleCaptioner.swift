import CaptionerGolden
import Captioners
import Kernels
import Weights

#if canImport(Glibc)
  import Glibc
#endif

/// The course's loss in f64 by plain loops over unpacked rows: what finite differences are taken of.
struct DoubleCaptioner {
  private let parameters: [String: [Double]]
  private let sizes: RecurrentCaptioner.Sizes
  private let rows: [(features: [Double], tokens: [Int])]

  init(_ captioner: RecurrentCaptioner, _ golden: Golden, _ selected: [Int]) {
    var parameters: [String: [Double]] = [:]
    for tensor in captioner.parameters.tensors { parameters[tensor.name] = tensor.values.map { Double($0) } }
    self.parameters = parameters
    sizes = captioner.sizes
    rows = selected.map { row in
      (
        golden.features.rows(row..<row + 1).values.map { Double($0) },
        golden.tokens[row * golden.width..<(row + 1) * golden.width].map { Int($0) }
      )
    }
  }

  /// The loss per caption with one parameter moved.
  func loss(_ name: String, _ index: Int, _ step: Double) -> Double {
    var moved = parameters
    moved[name]?[index] += step
    func tensor(_ name: String) -> [Double] { moved[name] ?? [] }
    let (project, projectBias) = (tensor("featureProjector.weight"), tensor("featureProjector.bias"))
    let (embed, wx, wh, b) = (
      tensor("wordEmbedding.W_embed"), tensor("rnnNetwork.Wx"), tensor("rnnNetwork.Wh"), tensor("rnnNetwork.b")
    )
    let (out, outBias) = (tensor("outProjector.weight"), tensor("outProjector.bias"))
    let (hiddenSize, vectorSize) = (sizes.hidden, sizes.wordVector)
    var total = 0.0
    for row in rows {
      var h = (0..<hiddenSize).map { unit in
        projectBias[unit]
          + (0..<sizes.features).reduce(0) { $0 + project[unit * sizes.features + $1] * row.features[$1] }
      }
      for time in 0..<row.tokens.count - 1 where row.tokens[time + 1] != 0 {
        var next = b
        for unit in 0..<hiddenSize {
          for k in 0..<vectorSize { next[unit] += embed[row.tokens[time] * vectorSize + k] * wx[k * hiddenSize + unit] }
          for k in 0..<hiddenSize { next[unit] += h[k] * wh[k * hiddenSize + unit] }
        }
        h = next.map { tanh($0) }
        let scores = (0..<sizes.words).map { word in
          outBias[word] + (0..<hiddenSize).reduce(0) { $0 + out[word * hiddenSize + $1] * h[$1] }
        }
        total += log(scores.reduce(0) { $0 + exp($1) }) - scores[row.tokens[time + 1]]
      }
    }
    return total / Double(rows.count)
  }
}
