package import JSON
import Kernels

/// Everything the user chooses about a training run.
package struct TrainingOptions: Sendable {
  /// Raised whenever the same caches and options give other files. 3: losses take their logarithm from us, not from the C library.
  package static let codeVersion = 3

  package var captions: String
  package var features: String
  /// The folder that gets captioner.safetensors, its state, log.csv and loss.svg.
  package var output: String
  package var hidden = 512
  package var wordVector = 256
  package var batch = 250
  package var epochs = 60
  package var learningRate = 1e-3
  /// The largest norm of the whole gradient; nil leaves it as it is.
  package var clip: Double?
  package var seed: UInt64 = 1
  package var trainingSplit = "train"
  /// nil takes `val` where there is such a split.
  package var validationSplit: String?

  package init(captions: String, features: String, output: String) {
    self.captions = captions
    self.features = features
    self.output = output
  }

  /// What decides every step; a run with more epochs goes on from one with fewer.
  var trajectory: JSONValue {
    let choices: JSONValue = [
      "model": "rnn", "hidden": .integer(hidden), "word_vector": .integer(wordVector), "batch": .integer(batch),
      "learning_rate": .number(learningRate), "clip": clip.map { .number($0) } ?? .null,
      "seed": .string(String(seed)), "train_split": .string(trainingSplit),
      "validation_split": validationSplit.map { .string($0) } ?? .null,
    ]
    return .object(
      (choices.members ?? []) + (LinearAlgebra.arithmetic.map { [.init("arithmetic", .string($0))] } ?? []))
  }

  /// The same for a plan, which must see that another arithmetic is gone.
  package var plannedConfiguration: JSONValue {
    guard let members = configuration.members, LinearAlgebra.arithmetic == nil else { return configuration }
    return .object(members + [.init("arithmetic", .null)])
  }

  /// All that changes the output besides the caches.
  package var configuration: JSONValue {
    .object((trajectory.members ?? []) + [.init("epochs", .integer(epochs))])
  }
}
