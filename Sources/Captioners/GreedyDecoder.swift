import Kernels
import Layers
public import Tensors
import Workers

/// Greedy captions: each step takes the likeliest word. Rows that said `<END>` take no further work.
///
/// What a word contributes to the next hidden state (its embedding × Wx + b) is computed once for the whole vocabulary, and
/// the other weights are laid out once for the kernels. A caption's bits depend on its own photograph only.
public final class GreedyDecoder: Sendable {
  private let captioner: RecurrentCaptioner
  private let contributions: FloatBuffer  // [words, hidden]
  private let projector: PackedMatrix  // [hidden, features]
  private let recurrence: PackedMatrix  // [hidden, hidden]
  private let output: PackedMatrix  // [words, hidden]

  /// Rows that read the weights together.
  static let largestBlock = 128

  /// - Throws: `InputError` where the linear algebra library can't be trusted.
  public init(_ captioner: RecurrentCaptioner) throws {
    try LinearAlgebra.prepare()
    self.captioner = captioner
    let (words, hidden) = (captioner.sizes.words, captioner.sizes.hidden)
    let products = Matrix(rows: words, columns: hidden)
    multiply(captioner.embedding.table, captioner.step.inputWeight, into: products)
    let bias = captioner.step.bias
    var rows = products.mutableSpan
    RecurrentKernels.addBias(&rows, bias: bias.span)
    var contributions = FloatBuffer(count: words * hidden)
    var span = contributions.mutableSpan
    let values = products.values
    for index in values.indices { span[index] = values[index] }
    self.contributions = contributions

    let columns = captioner.step.hiddenWeight.values
    let transposed = (0..<hidden * hidden).map { columns[$0 % hidden * hidden + $0 / hidden] }
    recurrence = PackedMatrix(transposed, inputs: hidden, outputs: hidden)
    projector = Self.pack(captioner.projector)
    output = Self.pack(captioner.output)
  }

  private static func pack(_ layer: Affine) -> PackedMatrix {
    PackedMatrix(
      layer.weight.values, inputs: layer.weight.columns, outputs: layer.weight.rows, bias: layer.bias.values)
  }

  /// features [rows, features] → each row's tokens, without `<START>` and `<END>`, at most `maximumWords`.
  public func tokens(features: Matrix, maximumWords: Int = 15, threads: Int = 1) -> [[Int32]] {
    let size = max(1, min(Self.largestBlock, (features.rows + threads - 1) / max(1, threads)))
    let blocks = (features.rows + size - 1) / size
    let results = ResultBox<[[Int32]]>(count: blocks)
    // The body throws nothing.
    try? forEachIndex(blocks, threads: threads) { block, _ in
      let rows = block * size..<min(features.rows, (block + 1) * size)
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
    let (rows, hiddenSize, wordCount) = (features.rows, captioner.sizes.hidden, captioner.sizes.words)
    var captions = [[Int32]](repeating: [], count: rows)
    var input = FloatBuffer(count: rows * features.columns)
    var hidden = FloatBuffer(count: rows * hiddenSize)
    var next = FloatBuffer(count: rows * hiddenSize)
    var scores = FloatBuffer(count: rows * wordCount)
    let values = features.span
    var copies = input.mutableSpan
    for index in values.indices { copies[index] = values[index] }
    projector.multiply(input, rows: rows, into: &hidden)
    var active = Array(0..<rows)
    var words = [Int32](repeating: SpecialToken.start, count: rows)
    for _ in 0..<maximumWords where !active.isEmpty {
      next.gatherRows(of: contributions, at: words, columns: hiddenSize)
      recurrence.multiply(hidden, rows: active.count, into: &next, accumulates: true)
      next.applyTanh(first: active.count * hiddenSize)
      output.multiply(next, rows: active.count, into: &scores)
      // Rows that go on close the gaps of those that ended.
      var kept = 0
      for row in active.indices {
        let word = Int32(scores.largestIndex(ofRow: row, columns: wordCount))
        if word == SpecialToken.end { continue }
        captions[active[row]].append(word)
        if kept < row { next.moveRow(row, to: kept, columns: hiddenSize) }
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
