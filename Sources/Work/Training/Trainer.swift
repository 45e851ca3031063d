import Caches
import Captioners
package import Diagnostics
import Files
package import JSON
import Kernels
import Layers
import Random

/// Trains a captioner on two caches, from the beginning or from where an earlier run of the same choices stopped.
///
/// After each epoch: the checkpoint, the optimizer's state and the log are replaced, each as a whole. Equal caches and options give
/// equal files, whatever the number of threads and however often the run was stopped.
package final class Trainer {
  private let options: TrainingOptions
  private let threads: Int
  private let corpus: CaptionCorpus
  private let files: TrainingFiles
  private let trainingRows: [Int]
  private let validationRows: [Int]
  private let captioner: RecurrentCaptioner
  private let gradients: RecurrentCaptionerGradients
  private var adam: Adam
  private var state = TrainingState()
  private var batchTokens: [Int32]
  private var batchLengths: [Int32]
  private let batchIndices: [Int]
  /// From the first look into the folder on, for as long as this trainer is there.
  private var lock: FolderLock?

  /// Opens and checks the caches and makes all buffers; nothing is written.
  ///
  /// - Throws: `InputError` for caches that are damaged or don't belong together.
  package init(_ options: TrainingOptions, threads: Int) throws {
    self.options = options
    self.threads = threads
    let corpus = try CaptionCorpus(captions: options.captions, features: options.features)
    self.corpus = corpus
    files = TrainingFiles(folder: options.output)
    trainingRows = try corpus.rows(ofSplit: options.trainingSplit)
    guard !trainingRows.isEmpty else {
      throw InputError(
        file: options.captions, "split '\(options.trainingSplit)' has no caption with features",
        remedy: "check --train-split and the caches")
    }
    if let split = options.validationSplit {
      validationRows = try corpus.rows(ofSplit: split)
    } else {
      validationRows = corpus.captions.identity.splits.contains("val") ? try corpus.rows(ofSplit: "val") : []
    }
    let sizes = RecurrentCaptioner.Sizes(
      features: corpus.featureCount, words: corpus.vocabulary.count, wordVector: options.wordVector,
      hidden: options.hidden)
    let batch = min(options.batch, max(trainingRows.count, validationRows.count))
    try Self.checkMemory(sizes, captions: batch, steps: corpus.width - 1, options)
    captioner = RecurrentCaptioner(sizes: sizes, vocabulary: corpus.vocabulary, seed: options.seed)
    gradients = try RecurrentCaptionerGradients(
      captioner, captions: batch, steps: corpus.width - 1, threads: threads)
    adam = Adam(captioner.parameters)
    batchTokens = [Int32](repeating: 0, count: batch * corpus.width)
    batchLengths = [Int32](repeating: 0, count: batch)
    batchIndices = Array(0..<batch)
  }

  /// Name → fingerprint of the caches that are read.
  package var inputs: JSONValue {
    ["captions": .string(corpus.captions.fingerprint), "features": .string(corpus.features.cache.fingerprint)]
  }

  /// Runs the epochs that are left.
  ///
  /// - Parameter restarts: forgets what an earlier run left.
  /// - Parameter begins: called once the folder is this trainer's, before the first file is written.
  /// - Parameter epochDone: called with all finished epochs after each one, and once where none was left.
  /// - Throws: `Interrupted` after saving where the user asked to stop; `InputError` where another trainer is at work in the folder, where
  ///   it holds a run that this one does not go on from, and where a number is not finite any more.
  package func run(
    restarts: Bool, progress: any ProgressReporter, begins: () throws -> Void = {},
    epochDone: ([EpochRecord]) throws -> Void
  ) throws -> TrainingSummary {
    lock = try FolderLock(folder: options.output)
    if !restarts { try resume(progress) }
    try begins()
    let resumed = state.records.count
    let clock = ContinuousClock()
    let begin = clock.now
    var words = 0
    var captions = 0
    let left = (options.epochs - resumed) * trainingRows.count - state.position
    if corpus.droppedCount > 0 {
      progress.note("\(corpus.droppedCount) captions are left out: their images have no features")
    }
    func seconds() -> Double { (clock.now - begin) / .seconds(1) }
    while state.records.count < options.epochs {
      let (seen, read) = try runEpoch(progress)
      (captions, words) = (captions + seen, words + read)
      let record = try finishEpoch()
      try save()
      try writeResults()
      try epochDone(state.records)
      progress.note(
        Self.line(
          record, of: options.epochs, wordsPerSecond: Double(words) / max(seconds(), 1e-9),
          secondsLeft: seconds() * Double(left - captions) / Double(max(captions, 1))))
    }
    if state.records.count == resumed {
      try writeResults()
      try epochDone(state.records)
    }
    return TrainingSummary(
      records: state.records, captions: trainingRows.count, validationCaptions: validationRows.count,
      droppedCaptions: corpus.droppedCount, parameters: captioner.parameters.count, resumedEpochs: resumed,
      tokensPerSecond: words == 0 ? 0 : Double(words) / max(seconds(), 1e-9))
  }

  /// What must be equal for a run to go on from a state.
  private var identity: JSONValue {
    .object(
      (options.trajectory.members ?? []) + [
        .init("code_version", .integer(TrainingOptions.codeVersion)),
        .init("captions", .string(corpus.captions.fingerprint)),
        .init("features", .string(corpus.features.cache.fingerprint)),
      ])
  }

  /// Takes up what an earlier run of the same choices left.
  ///
  /// - Throws: `InputError` where the folder holds anything else: what is finished or longer is not thrown away.
  private func resume(_ progress: any ProgressReporter) throws {
    guard let saved = try files.readSavedRun() else { return }
    try saved.check(belongsTo: identity, options)
    try saved.check(fits: trainingRows.count, batch: options.batch)
    try saved.load(into: captioner.parameters, &adam)
    state = saved.state
    let epoch = state.records.count
    if epoch < options.epochs {
      progress.note("goes on after epoch \(epoch)")
    } else if state.position > 0 {
      // The state has begun another epoch; the model after the last whole one is the published one.
      captioner.parameters.copy(from: try published(epoch: epoch, saved).parameters)
      progress.note("epoch \(epoch + 1) has begun; it goes on with more --epochs")
    }
  }

  /// The captioner that this run published after `epoch`.
  private func published(epoch: Int, _ saved: SavedRun) throws -> RecurrentCaptioner {
    if let found = try? RecurrentCaptioner(path: files.checkpoint) {
      func value(_ key: String) -> String? { found.information.first { $0.key == key }?.value }
      let configuration = value("configuration").flatMap { try? JSONValue(parsing: $0) }
      if value("epoch") == String(epoch), value("captions_fingerprint") == corpus.captions.fingerprint,
        value("features_fingerprint") == corpus.features.cache.fingerprint,
        (options.trajectory.members ?? []).allSatisfy({ configuration?[$0.key]?.canonical == $0.value.canonical })
      {
        return found
      }
    }
    throw saved.refusal(
      "stands in epoch \(epoch + 1), and \(FileSystem.name(of: files.checkpoint)) is not its captioner of epoch \(epoch)",
      "give --epochs \(epoch + 1) or more to go on")
  }

  /// Learns the captions of this epoch that are left. Returns how many captions and words those were.
  private func runEpoch(_ progress: any ProgressReporter) throws -> (Int, Int) {
    let epoch = state.records.count + 1
    var order = trainingRows
    var random = SplitMix64(seed: options.seed, stream: UInt64(epoch))
    random.shuffle(&order)
    progress.begin(
      "epoch \(epoch)/\(options.epochs)", total: order.count, done: state.position, unit: "captions")
    let first = state.position
    var words = 0
    while state.position < order.count {
      if progress.isCancelled {
        // Between epochs all is saved already.
        if state.position > 0 { try save() }
        throw Interrupted()
      }
      let range = state.position..<min(order.count, state.position + options.batch)
      try load(order[range])
      let loss = gradients.computeGradients()
      guard loss.isFinite else {
        try corpus.checkFeatures(order[range])
        throw diverged("the loss", at: "caption \(range.lowerBound)")
      }
      adam.step(
        captioner.parameters, gradients: gradients.gradients, learningRate: options.learningRate, clip: options.clip,
        threads: threads)
      words += gradients.batch.rowCount
      state.lossSum += loss
      state.position = range.upperBound
      progress.advance(by: range.count)
    }
    return (state.position - first, words)
  }

  /// Puts `rows` of the corpus into the gradients' buffers.
  private func load(_ rows: ArraySlice<Int>) throws {
    for (index, row) in rows.enumerated() {
      let start = index * corpus.width
      batchTokens.replaceSubrange(start..<start + corpus.width, with: try corpus.tokens(ofRow: row))
      batchLengths[index] = corpus.lengths[row]
    }
    let indices = batchIndices
    gradients.pack(
      tokens: batchTokens.span, width: corpus.width, lengths: batchLengths.span,
      selected: indices.span.extracting(first: rows.count))
    for (place, index) in gradients.batch.order.enumerated() {
      try corpus.copyFeatures(rows[rows.startIndex + index], into: gradients.features.rows(place..<place + 1))
    }
  }

  private func finishEpoch() throws -> EpochRecord {
    var (loss, words) = (0.0, 0)
    var start = 0
    while start < validationRows.count {
      let range = start..<min(validationRows.count, start + batchIndices.count)
      try load(validationRows[range])
      loss += gradients.computeLoss()
      words += gradients.batch.rowCount
      start = range.upperBound
    }
    let record = EpochRecord(
      epoch: state.records.count + 1, steps: adam.steps,
      trainingLoss: state.lossSum / Double(trainingRows.count),
      validationLoss: validationRows.isEmpty ? nil : loss / Double(validationRows.count),
      validationPerplexity: validationRows.isEmpty ? nil : Elementary.exp(loss / Double(words)))
    state.records.append(record)
    state.position = 0
    state.lossSum = 0
    return record
  }

  private func diverged(_ what: String, at place: String? = nil) -> InputError {
    InputError(
      file: options.output, at: ["epoch \(state.records.count + 1)", place].compactMap(\.self).joined(separator: ", "),
      "\(what) is no finite number any more",
      remedy:
        "the last epoch's checkpoint is kept; train with a lower --learning-rate or with --clip into another --output")
  }

  /// Keeps what is learnt, unless it is of no use: a run would go on from numbers that are none for ever.
  private func save() throws {
    guard captioner.parameters.isFinite else { throw diverged("a parameter") }
    guard adam.mean.isFinite, adam.variance.isFinite else { throw diverged("a moment") }
    try files.writeState(state, identity: identity, parameters: captioner.parameters, adam: adam)
  }

  private func writeResults() throws {
    try captioner.write(
      to: files.checkpoint,
      information: [
        ("epoch", String(state.records.count)), ("seed", String(options.seed)),
        ("configuration", options.configuration.canonical), ("captions_fingerprint", corpus.captions.fingerprint),
        ("features_fingerprint", corpus.features.cache.fingerprint), ("features", corpus.featureOrigin.canonical),
      ])
    try files.writeLog(state.records)
  }

  private static func line(
    _ record: EpochRecord, of epochs: Int, wordsPerSecond: Double, secondsLeft: Double
  ) -> String {
    func rounded(_ value: Double) -> String { "\((value * 10000).rounded() / 10000)" }
    var line = "epoch \(record.epoch)/\(epochs): loss \(rounded(record.trainingLoss))"
    if let loss = record.validationLoss, let perplexity = record.validationPerplexity {
      line += ", validation \(rounded(loss)), perplexity \(rounded(perplexity))"
    }
    let left = Int(secondsLeft.rounded())
    return line + ", \(Int(wordsPerSecond)) tokens/s, \(left / 60):\(left % 60 < 10 ? "0" : "")\(left % 60) left"
  }
}
