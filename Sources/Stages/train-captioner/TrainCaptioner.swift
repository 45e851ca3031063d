import ArgumentParser
import Caches
import Diagnostics
import Files
import Provenance
import Reporting
import StageSupport
import Training

/// Captions cache + features cache → a trained captioner, its log and its loss curve.
@main
struct TrainCaptioner: StageCommand {
  static let configuration = CommandConfiguration(
    commandName: "train-captioner",
    abstract: "Trains a captioner on cached captions and features.",
    discussion: """
      A vanilla RNN starts from the projected features of an image and learns to say its captions word by word. After every epoch \
      the output folder holds captioner.safetensors (PyTorch's names and layout), log.csv and loss.svg; a stopped run, or one with \
      more --epochs, goes on where it was. A run of other options or caches, or of more epochs, is only replaced with --force. \
      The captioner is always that of the last whole epoch, also where the validation loss in log.csv was lower before: \
      --epochs ends a run there.

      Example:
        train-captioner --captions cache/coco/captions.h5 \\
          --features cache/coco/features.h5 --output cache/coco/captioner
      """)

  @Option(help: "The captions cache that tokenize-captions made.")
  var captions: String
  @Option(help: "The features cache that extract-features made.")
  var features: String
  @Option(help: "The folder to make: captioner.safetensors, captioner.state.safetensors, log.csv, loss.svg.")
  var output: String
  @Option(help: "The kind of model; only 'rnn' exists.")
  var model = "rnn"
  @Option(help: "Size of the hidden state.")
  var hidden = 512
  @Option(help: "Size of a word's vector.")
  var wordVector = 256
  @Option(help: "Captions in a batch.")
  var batch = 250
  @Option(help: "Times that every caption is seen.")
  var epochs = 60
  @Option(help: "Adam's learning rate.")
  var learningRate = 1e-3
  @Option(help: "Largest norm of the gradient (default: no limit).")
  var clip: Double?
  @Option(help: "Decides initial values and the order of captions.")
  var seed: UInt64 = 1
  @Option(help: "The split to learn.")
  var trainSplit = "train"
  @Option(help: "The split to validate on (default: val, where there is one).")
  var validationSplit: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if model != "rnn" { throw ValidationError("--model must be 'rnn'") }
    for (name, value) in [("hidden", hidden), ("word-vector", wordVector), ("batch", batch), ("epochs", epochs)] {
      if value < 1 || value > 1 << 20 { throw ValidationError("--\(name) must be at least 1 and at most \(1 << 20)") }
    }
    if !(learningRate > 0 && learningRate.isFinite) { throw ValidationError("--learning-rate must be above 0") }
    if let clip, !(clip > 0 && clip.isFinite) { throw ValidationError("--clip must be above 0") }
  }

  private var options: TrainingOptions {
    var options = TrainingOptions(captions: captions, features: features, output: output)
    (options.hidden, options.wordVector, options.batch, options.epochs) = (hidden, wordVector, batch, epochs)
    (options.learningRate, options.clip, options.seed) = (learningRate, clip, seed)
    (options.trainingSplit, options.validationSplit) = (trainSplit, validationSplit)
    return options
  }

  func plan() throws -> StagePlan {
    StagePlan(
      stage: "train-captioner", codeVersion: TrainingOptions.codeVersion, configuration: options.plannedConfiguration,
      inputs: [
        .cache("captions", captions, format: "captioneer.captions"),
        .cache("features", features, format: "captioneer.features"),
      ],
      outputs: ["captioner.safetensors", "log.csv", "loss.svg"].map { StageOutput(FileSystem.join(output, $0)) })
  }

  /// The trainer claims them, once it knows that it may go on from what lies there.
  var claimsItsOutputs: Bool { true }

  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome {
    let trainer = try Trainer(options, threads: common.threadCount)
    plan.know(trainer.inputs)
    let summary = try trainer.run(restarts: common.force, progress: progress, begins: plan.claimOutputs) { records in
      let curve = LossCurve(
        title: "Loss, RNN with \(hidden) hidden units, batch \(batch)", training: records.map(\.trainingLoss),
        validation: records.compactMap(\.validationLoss))
      try FileSystem.replace(FileSystem.join(output, "loss.svg"), with: curve.svg)
    }
    let made = "made \(plan.outputs.map(\.path).joined(separator: ", "))"
    return StageOutcome(lines: [summary.line, made], result: summary.json)
  }
}
