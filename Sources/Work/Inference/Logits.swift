import Captioners
import Kernels
import Vocabularies
import Weights

extension CachedSplit {
  /// Writes the scores of every word at every step of the rows' own greedy captions, to be compared with other programs':
  /// `features` [rows, inputs], `tokens` [rows, steps] beginning with `<START>`, `logits` [rows, steps, words].
  ///
  /// - Parameter limit: the first rows only.
  package func writeLogits(_ captioner: TrainedCaptioner, maximumWords: Int, limit: Int = 64, to path: String) throws {
    let count = min(limit, self.count)
    let features = try values(0..<count)
    let steps = maximumWords + 1
    let tokens = captioner.decoder.tokens(features: features, maximumWords: maximumWords).flatMap { words in
      let row = [SpecialToken.start] + words + [SpecialToken.end]
      return (row + [Int32](repeating: SpecialToken.null, count: steps)).prefix(steps)
    }
    let model = captioner.model
    try writeSafetensors(
      [
        NamedTensor(name: "features", shape: [count, model.sizes.features], values: features.values),
        NamedTensor(name: "tokens", shape: [count, steps], values: tokens.map { Float($0) }),
        NamedTensor(
          name: "logits", shape: [count, steps, model.sizes.words],
          values: model.logits(features: features, tokens: tokens)),
      ], to: path)
  }
}
