import JSON

/// One finished epoch.
package struct EpochRecord: Sendable, Equatable {
  package var epoch: Int
  /// Optimizer steps since the beginning.
  package var steps: Int
  /// The course's loss (summed over a caption's words) averaged over the captions, while they were being learnt.
  package var trainingLoss: Double
  /// The same on the validation split after the epoch; nil without such a split.
  package var validationLoss: Double?
  /// exp(loss per word) on the validation split.
  package var validationPerplexity: Double?

  var json: JSONValue {
    [
      "epoch": .integer(epoch), "steps": .integer(steps), "training_loss": .number(trainingLoss),
      "validation_loss": validationLoss.map { .number($0) } ?? .null,
      "validation_perplexity": validationPerplexity.map { .number($0) } ?? .null,
    ]
  }

  init(
    epoch: Int, steps: Int, trainingLoss: Double, validationLoss: Double?, validationPerplexity: Double?
  ) {
    self.epoch = epoch
    self.steps = steps
    self.trainingLoss = trainingLoss
    self.validationLoss = validationLoss
    self.validationPerplexity = validationPerplexity
  }

  init?(_ json: JSONValue) {
    guard let epoch = json["epoch"]?.integer, let steps = json["steps"]?.integer,
      let loss = json["training_loss"]?.double
    else { return nil }
    self.init(
      epoch: epoch, steps: steps, trainingLoss: loss, validationLoss: json["validation_loss"]?.double,
      validationPerplexity: json["validation_perplexity"]?.double)
  }
}
