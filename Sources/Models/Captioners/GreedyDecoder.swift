package import Kernels
import Layers
import Vocabularies
import Workers

/// Greedy captions: each step takes the likeliest word. Rows that said `<END>` take no further work.
///
/// What a word contributes to the next hidden state (its embedding × Wx + b) is computed once for the whole vocabulary, and
/// the other weights are laid out once for the kernels. A caption's bits depend on its own photograph only.
package final class GreedyDecoder: Sendable {
  private let captioner: RecurrentCaptioner
  private let contributions: Matrix  // [words, hidden]
  private let projector: PackedFactor  // [features, hidden]
  private let recurrence: PackedFactor  // [hidden, hidden]
  private let output: PackedFactor  // [hidden, words]

  /// Rows that read the weights together.
  static let largestBlock = 128

  package init(_ captioner: RecurrentCaptioner) {
    self.captioner = captioner
    let contributions = Matrix(rows: captioner.sizes.words, columns: captioner.sizes.hidden)
    multiply(captioner.embedding.table, captioner.step.inputWeight, into: contributions)
    let bias = captioner.step.bias
    var rows = contributions.mutableSpan
    Rows.addBias(&rows, bias: bias.span)
    self.contributions = contributions
    projector = PackedFactor(captioner.projector.weight, .transposed)
    recurrence = PackedFactor(captioner.step.hiddenWeight)
    output = PackedFactor(captioner.output.weight, .transposed)
  }

  /// features [rows, features] → each row's tokens, without `<START>` and `<END>`, at most `maximumWords`.
  package func tokens(features: Matrix, maximumWords: Int = 15, threads: Int = 1) -> [[Int32]] {
    let size = max(1, min(Self.largestBlock, (features.rows + threads - 1) / max(1, threads)))
    let blocks = (features.rows + size - 1) / size
    let results = Slots<[[Int32]]>(blocks, empty: [])
    // The body throws nothing.
    try? forEachIndex(blocks, threads: threads) { block, _ in
      let rows = block * size..<min(features.rows, (block + 1) * size)
      results.set(block, self.decode(features.rows(rows), maximumWords))
    }
    return results.values.flatMap { $0 }
  }

  /// The same as words: `["a", "red", "circle"]`.
  package func words(features: Matrix, maximumWords: Int = 15, threads: Int = 1) -> [[String]] {
    tokens(features: features, maximumWords: maximumWords, threads: threads).map { row in
      row.filter { $0 != SpecialToken.null && $0 != SpecialToken.start }.map { captioner.vocabulary[Int($0)] }
    }
  }

  private func decode(_ features: Matrix, _ maximumWords: Int) -> [[Int32]] {
    let contributions = self.contributions
    let (projectorBias, outputBias) = (captioner.projector.bias, captioner.output.bias)
    let (rows, hiddenSize) = (features.rows, captioner.sizes.hidden)
    var captions = [[Int32]](repeating: [], count: rows)
    var hidden = Matrix(rows: rows, columns: hiddenSize)
    var next = Matrix(rows: rows, columns: hiddenSize)
    let scores = Matrix(rows: rows, columns: captioner.sizes.words)
    multiply(features, projector, into: hidden)
    var first = hidden.mutableSpan
    Rows.addBias(&first, bias: projectorBias.span)
    var active = Array(0..<rows)
    var words = [Int32](repeating: SpecialToken.start, count: rows)
    for _ in 0..<maximumWords where !active.isEmpty {
      let live = 0..<active.count
      let state = next.rows(live)
      var out = state.mutableSpan
      Rows.gather(of: contributions.span, at: words.span, columns: hiddenSize, into: &out)
      multiply(hidden.rows(live), recurrence, into: state, accumulates: true)
      Activation.tanh(&out)
      multiply(state, output, into: scores.rows(live))
      var biased = scores.rows(live).mutableSpan
      Rows.addBias(&biased, bias: outputBias.span)
      // Rows that go on close the gaps of those that ended.
      var kept = 0
      for row in live {
        let word = Int32(Reduction.largestIndex(scores.rows(row..<row + 1).span))
        if word == SpecialToken.end { continue }
        captions[active[row]].append(word)
        if kept < row { state.rows(kept..<kept + 1).copy(from: state.rows(row..<row + 1)) }
        active[kept] = active[row]
        words[kept] = word
        kept += 1
      }
      active.removeSubrange(kept...)
      words.removeSubrange(kept...)
      swap(&hidden, &next)
    }
    return captions
  }
}
