package import Kernels
package import Layers
import Tokenization
import Workers

/// Loss and gradients of a batch for a `RecurrentCaptioner`, by hand, in buffers that are made once.
///
/// What makes it fast: padded steps do no work (`PackedBatch`); embedding × Wx is one product over the vocabulary and a gather, its
/// gradient a scatter-add and two products over the vocabulary; all steps' scores are one product; softmax, loss and gradient are
/// one pass; each weight's gradient is one product. The batch is always worked in `partCount` parts, and a product's bits don't depend
/// on how it is shared out, so the numbers don't depend on the number of threads.
///
/// Not for use from two threads at once; it is `Sendable` so that its own workers may share it.
package final class RecurrentCaptionerGradients: @unchecked Sendable {
  static let partCount = 4

  package let captioner: RecurrentCaptioner
  package let gradients: ParameterSet
  /// Pooled features: the caller puts those of caption `batch.order[i]` into row i.
  package let features: Matrix  // [captions, features]
  package private(set) var batch = PackedBatch(partCount: RecurrentCaptionerGradients.partCount)
  private let threads: Int
  private let blockCount: Int
  private let loss = TemporalSoftmaxLoss(ignored: SpecialToken.null)

  private let contributions: Matrix  // [words, hidden]: embedding Wx + b
  private let contributionGradients: Matrix  // [words, hidden]
  private let initial: Matrix  // [captions, hidden]: h0
  private let carry: Matrix  // [captions, hidden]: ends as the gradient of h0
  private let hidden: Matrix  // [rows, hidden]
  private let previous: Matrix  // [rows, hidden]
  private let hiddenGradients: Matrix  // [rows, hidden]
  private let scores: Matrix  // [rows, words], then their gradients
  private let outputBiasGradients: Matrix  // [parts, words]
  private let losses: Slots<Double>  // of each part
  private let projector: PackedAffine
  private let sequence: RecurrentSequence
  private let output: PackedAffine

  /// Buffers for batches of up to `captions` captions of up to `steps` steps.
  ///
  /// - Throws: `InputError` where the linear algebra library can't be trusted.
  package init(_ captioner: RecurrentCaptioner, captions: Int, steps: Int, threads: Int) throws {
    try LinearAlgebra.prepare()
    self.captioner = captioner
    self.threads = threads
    blockCount = LinearAlgebra.bitsDependOnBlocks ? Self.partCount : max(1, min(threads, 64))
    let sizes = captioner.sizes
    gradients = captioner.parameters.zeros()
    features = Matrix(rows: captions, columns: sizes.features)
    contributions = Matrix(rows: sizes.words, columns: sizes.hidden)
    contributionGradients = Matrix(rows: sizes.words, columns: sizes.hidden)
    initial = Matrix(rows: captions, columns: sizes.hidden)
    carry = Matrix(rows: captions, columns: sizes.hidden)
    hidden = Matrix(rows: captions * steps, columns: sizes.hidden)
    previous = Matrix(rows: captions * steps, columns: sizes.hidden)
    hiddenGradients = Matrix(rows: captions * steps, columns: sizes.hidden)
    scores = Matrix(rows: captions * steps, columns: sizes.words)
    outputBiasGradients = Matrix(rows: Self.partCount, columns: sizes.words)
    losses = Slots(Self.partCount, empty: 0)
    projector = PackedAffine(inputs: sizes.features, outputs: sizes.hidden, hasBackward: false)
    sequence = RecurrentSequence(size: sizes.hidden)
    output = PackedAffine(inputs: sizes.hidden, outputs: sizes.words)
  }

  /// Takes rows `selected` of `tokens` [rows, width] as the batch. Afterwards fill `features`.
  package func pack(tokens: Span<Int32>, width: Int, lengths: Span<Int32>, selected: Span<Int>) {
    precondition(selected.count <= features.rows && selected.count * (width - 1) <= hidden.rows)
    batch.pack(tokens: tokens, width: width, lengths: lengths, selected: selected)
  }

  /// The loss summed over the batch's words; nothing else is changed.
  package func computeLoss() -> Double {
    let batch = self.batch
    prepareWeights(forBackward: false)
    run(Self.partCount) { part in
      self.forward(part, batch)
      let rows = batch.rows(ofPart: part)
      let loss = self.loss.forward(
        self.scores.rows(rows), bias: self.captioner.output.bias, targets: batch.targets.span.extracting(rows))
      self.losses.set(part, loss)
    }
    return losses.values.reduce(0, +)
  }

  /// The loss summed over the batch's words. `gradients` becomes that of the loss divided by the number of captions.
  package func computeGradients() -> Double {
    let batch = self.batch
    prepareWeights(forBackward: true)
    outputBiasGradients.fill(0)
    run(Self.partCount) { part in
      self.forward(part, batch)
      self.backward(part, batch)
    }
    weightGradients(batch)
    return losses.values.reduce(0, +)
  }

  /// What each word adds to the hidden state, for the whole vocabulary; and the weights that every step reads.
  private func prepareWeights(forBackward: Bool) {
    let blocks = blockCount
    run(blocks + 3) { task in
      switch task {
      case 0: self.output.prepare(self.captioner.output.weight, forBackward: forBackward)
      case 1: self.projector.prepare(self.captioner.projector.weight, forBackward: false)
      case 2: self.sequence.prepare(self.captioner.step.hiddenWeight, forBackward: forBackward)
      default: self.prepareContributions(Self.block(task - 3, of: self.captioner.sizes.words, blocks))
      }
    }
  }

  private func prepareContributions(_ rows: Range<Int>) {
    let out = contributions.rows(rows)
    let bias = captioner.step.bias
    multiply(captioner.embedding.table.rows(rows), captioner.step.inputWeight, into: out)
    var span = out.mutableSpan
    Rows.addBias(&span, bias: bias.span)
  }

  private func forward(_ part: Int, _ batch: PackedBatch) {
    let sequences = batch.sequences(ofPart: part)
    let rows = batch.rows(ofPart: part)
    if rows.isEmpty { return }
    let start = initial.rows(sequences)
    projector.product(features.rows(sequences), into: start)
    let bias = captioner.projector.bias
    var biased = start.mutableSpan
    Rows.addBias(&biased, bias: bias.span)
    WordEmbedding(table: contributions).forward(batch.inputs.span.extracting(rows), into: hidden.rows(rows))
    sequence.forward(
      hidden.rows(rows), initial: initial.rows(sequences), counts: batch.counts(ofPart: part),
      previous: previous.rows(rows))
    output.product(hidden.rows(rows), into: scores.rows(rows))
  }

  private func backward(_ part: Int, _ batch: PackedBatch) {
    let sequences = batch.sequences(ofPart: part)
    let rows = batch.rows(ofPart: part)
    losses.set(part, 0)
    if rows.isEmpty { return }
    let sum = loss.forwardBackward(
      scores.rows(rows), bias: captioner.output.bias, targets: batch.targets.span.extracting(rows),
      scale: 1 / Float(batch.sequenceCount), biasGradient: outputBiasGradients.rows(part..<part + 1))
    losses.set(part, sum)
    output.backwardInput(scores.rows(rows), into: hiddenGradients.rows(rows))
    sequence.backward(
      hiddenGradients.rows(rows), hidden: hidden.rows(rows), counts: batch.counts(ofPart: part),
      carry: carry.rows(sequences))
  }

  /// The products that run over all rows; each task writes rows or columns of its own.
  private func weightGradients(_ batch: PackedBatch) {
    let sizes = captioner.sizes
    let (projector, embedding, step, output) = RecurrentCaptioner.layers(gradients)
    let rows = 0..<batch.rowCount
    let sequences = 0..<batch.sequenceCount
    let blocks = blockCount
    run(4 * blocks) { task in
      let block = task % blocks
      switch task / blocks {
      case 0:
        output.backwardWeight(
          self.scores.rows(rows), self.hidden.rows(rows), outputs: Self.block(block, of: sizes.words, blocks))
      case 1:
        RecurrentSequence.backwardWeight(
          self.hiddenGradients.rows(rows), previous: self.previous.rows(rows),
          range: Self.block(block, of: sizes.hidden, blocks), weightGradient: step.hiddenWeight)
      case 2:
        projector.backwardWeight(
          self.carry.rows(sequences), self.features.rows(sequences),
          outputs: Self.block(block, of: sizes.hidden, blocks))
      default:
        let columns = Self.block(block, of: sizes.hidden, blocks)
        self.contributionGradients.columns(columns).fill(0)
        WordEmbedding(table: self.contributionGradients).backward(
          self.hiddenGradients.rows(rows), batch.inputs.span, columns: columns)
      }
    }
    run(2 * blocks + 1) { task in
      let block = task % blocks
      switch task / blocks {
      case 0:
        let range = Self.block(block, of: sizes.words, blocks)
        multiply(
          self.contributionGradients.rows(range), .plain, self.captioner.step.inputWeight, .transposed,
          into: embedding.table.rows(range))
      case 1:
        let range = Self.block(block, of: sizes.wordVector, blocks)
        multiply(
          self.captioner.embedding.table.columns(range), .transposed, self.contributionGradients,
          into: step.inputWeight.rows(range))
      default:
        projector.backwardBias(self.carry.rows(sequences))
        output.backwardBias(self.outputBiasGradients)
        step.backwardBias(self.contributionGradients)
      }
    }
  }

  private static func block(_ index: Int, of count: Int, _ blocks: Int) -> Range<Int> {
    count * index / blocks..<count * (index + 1) / blocks
  }

  private func run(_ count: Int, _ body: @Sendable (Int) -> Void) {
    // The body throws nothing.
    try? forEachIndex(count, threads: threads) { index, _ in body(index) }
  }
}
