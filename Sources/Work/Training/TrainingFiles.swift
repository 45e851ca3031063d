import Captioners
import Diagnostics
import Files
import JSON
import Weights

/// Where a run stands: enough to go on as if it had never stopped.
struct TrainingState {
  /// Finished epochs.
  var records: [EpochRecord] = []
  /// Captions of the epoch in hand that are learnt, and their summed loss.
  var position = 0
  var lossSum = 0.0
}

/// The files of a run's folder, each replaced as a whole.
struct TrainingFiles {
  let folder: String
  var checkpoint: String { FileSystem.join(folder, "captioner.safetensors") }
  var state: String { FileSystem.join(folder, "captioner.state.safetensors") }
  var log: String { FileSystem.join(folder, "log.csv") }

  /// One line an epoch.
  func writeLog(_ records: [EpochRecord]) throws {
    var text = "epoch,steps,training_loss,validation_loss,validation_perplexity\n"
    for record in records {
      text += "\(record.epoch),\(record.steps),\(record.trainingLoss)"
      text += ",\(record.validationLoss.map { "\($0)" } ?? ""),\(record.validationPerplexity.map { "\($0)" } ?? "")\n"
    }
    try FileSystem.replace(log, with: Array(text.utf8))
  }

  static let stateFormat = "captioneer.training"

  /// Parameters and Adam's moments with the run's `identity`; the checkpoint beside it may be newer or older by an epoch.
  func writeState(_ state: TrainingState, identity: JSONValue, parameters: ParameterSet, adam: Adam) throws {
    var tensors: [NamedTensor] = []
    for (prefix, set) in [
      ("parameters.", parameters.tensors), ("mean.", adam.mean.tensors), ("variance.", adam.variance.tensors),
    ] {
      for var tensor in set {
        tensor.name = prefix + tensor.name
        tensors.append(tensor)
      }
    }
    let metadata: [(String, String)] = [
      ("format", Self.stateFormat), ("identity", identity.compact), ("steps", String(adam.steps)),
      ("position", String(state.position)), ("loss_sum", String(state.lossSum.bitPattern)),
      ("log", JSONValue.array(state.records.map(\.json)).compact),
    ]
    let digest = checkpointDigest(metadata: metadata.map { ($0, $1) }, tensors: tensors)
    try writeSafetensors(tensors, metadata: metadata + [("digest", digest)], to: self.state)
  }
}
