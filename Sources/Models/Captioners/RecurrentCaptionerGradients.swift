package import Kernels
package import Layers
import Synchronization
import Vocabularies
import Workers

/// Loss and gradients of a batch for a `RecurrentCaptioner`, by hand, in buffers that are made once.
///
/// What makes it fast: padded steps do no work (`PackedBatch`); embedding × Wx is one product over the vocabulary and a gather, its
/// gradient a scatter-add and two products over the vocabulary; all steps' scores are one product; softmax, loss and gradient are
/// one pass; each weight's gradient is one product. The batch is always worked in `partCount` parts, and a product's bits don't depend
/// on how it is shared out, so the numbers don't depend on the number of threads.
///
/// Not for use from two threads at once, though its own workers share it.
package final class RecurrentCaptionerGradients: Sendable {
  static let partCount = 4

  package let captioner: RecurrentCaptioner
  package let gradients: GradientSet
  /// Pooled features: the caller puts those of caption `batch.order[i]` into row i.
  package let features: Matrix  // [captions, features]
  private let packed = Mutex(PackedBatch(partCount: RecurrentCaptionerGradients.partCount))
  private let layerGradients: RecurrentCaptioner.Gradients
  /// The batch in hand.
  package var batch: PackedBatch { packed.withLock { $0 } }
  private let threads: Int
  private let blockCount: Int
  private let loss = TemporalSoftmaxLoss(ignored: SpecialToken.null)

  private let contributions: Matrix  // [words, hidden]: embedding Wx + b
  private let contributionGradients: WordEmbedding.Gradients  // [words, hidden]
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
    gradients = captioner.parameters.gradients()
    layerGradients = RecurrentCaptioner.Gradients(gradients)
    features = Matrix(rows: captions, columns: sizes.features)
    contributions = Matrix(rows: sizes.words, columns: sizes.hidden)
    contributionGradients = .init(table: Matrix(rows: sizes.words, columns: sizes.hidden))
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
    // Taken out and put back, so that its buffers are filled in place.
    var batch = PackedBatch(partCount: Self.partCount)
    packed.withLock { swap(&$0, &batch) }
    batch.pack(tokens: tokens, width: width, lengths: lengths, selected: selected)
    packed.withLock { $0 = batch }
  }

  /// The loss summed over the batch's words; nothing else is changed.
  package func computeLoss() -> Double {
    let batch = self.batch
    prepareWeights(forBackward: false)
    parts(of: batch).forEach(threads: threads) { part, index in
      self.forward(part, index, batch)
      let rows = batch.rows(ofPart: index)
      let loss = self.loss.forward(
        part.scores, bias: self.captioner.output.bias, targets: batch.targets.span.extracting(rows))
      self.losses.set(index, loss)
    }
    return losses.values.reduce(0, +)
  }

  /// The loss summed over the batch's words. `gradients` becomes that of the loss divided by the number of captions.
  package func computeGradients() -> Double {
    let batch = self.batch
    prepareWeights(forBackward: true)
    outputBiasGradients.fill(0)
    parts(of: batch).forEach(threads: threads) { part, index in
      self.forward(part, index, batch)
      self.backward(part, index, batch)
    }
    weightGradients(batch)
    return losses.values.reduce(0, +)
  }

  /// What the task of one part of the batch writes.
  private struct Part: Sendable {
    let initial: Matrix  // [sequences of the part, hidden]
    let carry: Matrix  // the same
    let hidden: Matrix  // [rows of the part, hidden]
    let previous: Matrix  // the same
    let hiddenGradients: Matrix  // the same
    let scores: Matrix  // [rows of the part, words]
    let outputBiasGradient: Matrix  // [1, words]
  }

  private func parts(of batch: PackedBatch) -> Partitioned<Part> {
    let (sequences, rows) = (batch.sequencePartition, batch.rowPartition)
    let single = Partition(of: Self.partCount, parts: Self.partCount)
    return together(
      initial.partitioned(rows: sequences), carry.partitioned(rows: sequences), hidden.partitioned(rows: rows),
      previous.partitioned(rows: rows), hiddenGradients.partitioned(rows: rows), scores.partitioned(rows: rows),
      outputBiasGradients.partitioned(rows: single)
    ).map { windows, _ in
      let (initial, carry, hidden, previous, hiddenGradients, scores, outputBiasGradient) = windows
      return Part(
        initial: initial, carry: carry, hidden: hidden, previous: previous, hiddenGradients: hiddenGradients,
        scores: scores, outputBiasGradient: outputBiasGradient)
    }
  }

  /// What each word adds to the hidden state, for the whole vocabulary; and the weights that every step reads.
  private func prepareWeights(forBackward: Bool) {
    let words = Partition(of: captioner.sizes.words, parts: blockCount)
    var tasks = ParallelTasks()
    tasks.add(writing: []) { self.output.prepare(self.captioner.output.weight, forBackward: forBackward) }
    tasks.add(writing: []) { self.projector.prepare(self.captioner.projector.weight, forBackward: false) }
    tasks.add(writing: []) { self.sequence.prepare(self.captioner.step.hiddenWeight, forBackward: forBackward) }
    tasks.add(contributions.partitioned(rows: words)) { out, block in
      let bias = self.captioner.step.bias
      multiply(
        self.captioner.embedding.table.rows(words[block]), self.captioner.step.inputWeight, into: out)
      var span = out.mutableSpan
      Rows.addBias(&span, bias: bias.span)
    }
    tasks.run(threads: threads)
  }

  private func forward(_ part: Part, _ index: Int, _ batch: PackedBatch) {
    let rows = batch.rows(ofPart: index)
    if rows.isEmpty { return }
    let start = part.initial
    projector.product(features.rows(batch.sequences(ofPart: index)), into: start)
    let bias = captioner.projector.bias
    var biased = start.mutableSpan
    Rows.addBias(&biased, bias: bias.span)
    WordEmbedding(table: contributions).forward(batch.inputs.span.extracting(rows), into: part.hidden)
    sequence.forward(
      part.hidden, initial: part.initial, counts: batch.counts(ofPart: index), previous: part.previous)
    output.product(part.hidden, into: part.scores)
  }

  private func backward(_ part: Part, _ index: Int, _ batch: PackedBatch) {
    let rows = batch.rows(ofPart: index)
    losses.set(index, 0)
    if rows.isEmpty { return }
    let sum = loss.forwardBackward(
      part.scores, bias: captioner.output.bias, targets: batch.targets.span.extracting(rows),
      scale: 1 / Float(batch.sequenceCount), biasGradient: part.outputBiasGradient)
    losses.set(index, sum)
    output.backwardInput(part.scores, into: part.hiddenGradients)
    sequence.backward(
      part.hiddenGradients, hidden: part.hidden, counts: batch.counts(ofPart: index), carry: part.carry)
  }

  /// The products that run over all rows; each task writes rows or columns of its own.
  private func weightGradients(_ batch: PackedBatch) {
    let sizes = captioner.sizes
    let gradients = layerGradients
    let units = Partition(of: sizes.hidden, parts: blockCount)
    let words = Partition(of: sizes.words, parts: blockCount)
    let (rows, sequences) = (0..<batch.rowCount, 0..<batch.sequenceCount)
    let (hidden, previous, features) = (hidden.rows(rows), previous.rows(rows), features.rows(sequences))
    let (scoreGradients, hiddenGradients, carry) = (
      scores.rows(rows), hiddenGradients.rows(rows), carry.rows(sequences)
    )

    var first = ParallelTasks()
    first.add(gradients.output.weightRows(words)) { part, _ in part.backward(scoreGradients, hidden) }
    first.add(gradients.step.hiddenWeightRows(units)) { part, _ in part.backward(hiddenGradients, factor: previous) }
    first.add(gradients.projector.weightRows(units)) { part, _ in part.backward(carry, features) }
    first.add(contributionGradients.columns(units)) { part, _ in part.backward(hiddenGradients, batch.inputs.span) }
    first.run(threads: threads)

    // Those of what the words contributed: embedding Wx + b.
    let (contributionGradients, outputBiasGradients) = (contributionGradients.table, outputBiasGradients)
    let (table, inputWeight) = (captioner.embedding.table, captioner.step.inputWeight)
    var second = ParallelTasks()
    second.add(gradients.embedding.table.partitioned(rows: words)) { part, block in
      multiply(contributionGradients.rows(words[block]), .plain, inputWeight, .transposed, into: part)
    }
    second.add(gradients.step.inputWeightRows(Partition(of: sizes.wordVector, parts: blockCount))) { part, _ in
      part.backward(contributionGradients, factor: table)
    }
    second.add(writing: [gradients.projector.bias, gradients.output.bias, gradients.step.bias]) {
      gradients.projector.backwardBias(carry)
      gradients.output.backwardBias(outputBiasGradients)
      gradients.step.backwardBias(contributionGradients)
    }
    second.run(threads: threads)
  }
}
