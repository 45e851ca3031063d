package import JSON

/// What a run ended with.
package struct TrainingSummary: Sendable {
  package var records: [EpochRecord]
  package var captions: Int
  package var validationCaptions: Int
  package var droppedCaptions: Int
  package var parameters: Int
  package var resumedEpochs: Int
  package var tokensPerSecond: Double

  /// For people.
  package var line: String {
    var line = "\(captions) captions, \(parameters) parameters, \(records.count) epochs"
    func rounded(_ value: Double) -> String { "\((value * 10_000).rounded() / 10_000)" }
    if let last = records.last { line += ": training loss \(rounded(last.trainingLoss))" }
    if let loss = records.last?.validationLoss, let perplexity = records.last?.validationPerplexity {
      line += ", validation loss \(rounded(loss)), perplexity \(rounded(perplexity))"
    }
    return line
  }

  package var json: JSONValue {
    let last = records.last
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    return [
      "captions": .integer(captions), "validation_captions": .integer(validationCaptions),
      "dropped_captions": .integer(droppedCaptions), "parameters": .integer(parameters),
      "epochs": .integer(records.count), "resumed_epochs": .integer(resumedEpochs),
      "training_loss": number(last?.trainingLoss), "validation_loss": number(last?.validationLoss),
      "validation_perplexity": number(last?.validationPerplexity),
      "tokens_per_second": .integer(Int(tokensPerSecond)),
    ]
  }
}
