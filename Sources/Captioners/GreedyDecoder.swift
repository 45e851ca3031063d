import Kernels
import Layers
public import Tensors
import Workers

/// Greedy captions: each step takes the likeliest word. Rows that said `<END>` take no further work.
///
/// What a word contributes to the next hidden state (its embedding × Wx + b) is computed once for the whole vocabulary.
public final class GreedyDecoder: Sendable {
  private let captioner: RecurrentCaptioner
  private let contributions: Matrix  // [words, hidden]

  /// Photographs decoded together; a fixed number, so that threads don't change a caption.
  static let blockSize = 128

  /// - Throws: `InputError` where the linear algebra library can't be trusted.
  public init(_ captioner: RecurrentCaptioner) throws {
    try LinearAlgebra.prepare()
    self.captioner = captioner
    let contributions = Matrix(rows: captioner.sizes.words, columns: captioner.sizes.hidden)
    multiply(captioner.embedding.table, captioner.step.inputWeight, into: contributions)
    let bias = captioner.step.bias
    var rows = contributions.mutableSpan
    RecurrentKernels.addBias(&rows, bias: bias.span)
    self.contributions = contributions
  }

  /// features [rows, features] → each row's tokens, without `<START>` and `<END>`, at most `maximumWords`.
  public func tokens(features: Matrix, maximumWords: Int = 15, threads: Int = 1) -> [[Int32]] {
    let blocks = (features.rows + Self.blockSize - 1) / Self.blockSize
    let results = ResultBox<[[Int32]]>(count: blocks)
    // The body throws nothing.
    try? forEachIndex(blocks, threads: threads) { block, _ in
      let rows = block * Self.blockSize..<min(features.rows, (block + 1) * Self.blockSize)
      results.set(block, self.decode(features.rows(rows), maximumWords))
    }
    return results.values.flatMap { $0 }
  }

  /// The same as words: `["a", "red", "circle"]`.
  public func words(features: Matrix, maximumWords: Int = 15, threads: Int = 1) -> [[String]] {
    tokens(features: features, maximumWords: maximumWords, threads: threads).map { row in
      row.filter { $0 != SpecialToken.null && $0 != SpecialToken.start }.map { captioner.vocabulary[Int($0)] }
    }
  }

  private func decode(_ features: Matrix, _ maximumWords: Int) -> [[Int32]] {
    let contributions = self.contributions
    let (rows, hiddenSize) = (features.rows, captioner.sizes.hidden)
    var captions = [[Int32]](repeating: [], count: rows)
    let hidden = Matrix(rows: rows, columns: hiddenSize)
    let next = Matrix(rows: rows, columns: hiddenSize)
    let scores = Matrix(rows: rows, columns: captioner.sizes.words)
    captioner.projector.forward(features, into: hidden)
    var active = Array(0..<rows)
    var words = [Int32](repeating: SpecialToken.start, count: rows)
    for _ in 0..<maximumWords where !active.isEmpty {
      let live = 0..<active.count
      let state = next.rows(live)
      var out = state.mutableSpan
      RecurrentKernels.gatherRows(of: contributions.span, at: words.span, columns: hiddenSize, into: &out)
      multiply(hidden.rows(live), captioner.step.hiddenWeight, into: state, accumulates: true)
      RecurrentKernels.tanh(&out)
      captioner.output.forward(state, into: scores.rows(live))
      // Rows that go on move together in `hidden`, which is free now.
      var kept: [Int] = []
      words.removeAll(keepingCapacity: true)
      for row in live {
        let word = Int32(RecurrentKernels.largestIndex(scores.rows(row..<row + 1).span))
        if word == SpecialToken.end { continue }
        captions[active[row]].append(word)
        hidden.rows(kept.count..<kept.count + 1).copy(from: state.rows(row..<row + 1))
        kept.append(active[row])
        words.append(word)
      }
      active = kept
    }
    return captions
  }
}
