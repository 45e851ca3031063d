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

  private static let format = "captioneer.training"

  /// Parameters and Adam's moments with the run's `identity`; the checkpoint beside it may be newer or older by an epoch.
  func writeState(_ state: TrainingState, identity: String, parameters: ParameterSet, adam: Adam) throws {
    var tensors: [NamedTensor] = []
    for (prefix, set) in [("parameters.", parameters), ("mean.", adam.mean), ("variance.", adam.variance)] {
      for var tensor in set.tensors {
        tensor.name = prefix + tensor.name
        tensors.append(tensor)
      }
    }
    let metadata: [(String, String)] = [
      ("format", Self.format), ("identity", identity), ("steps", String(adam.steps)),
      ("position", String(state.position)), ("loss_sum", String(state.lossSum.bitPattern)),
      ("log", JSONValue.array(state.records.map(\.json)).compact),
    ]
    let digest = checkpointDigest(metadata: metadata.map { ($0, $1) }, tensors: tensors)
    try writeSafetensors(tensors, metadata: metadata + [("digest", digest)], to: self.state)
  }

  /// The state of the same run, or nil and the reason why there is none to go on from; `parameters` and `adam` may then hold
  /// part of it.
  func readState(identity: String, parameters: ParameterSet, adam: inout Adam) throws -> (TrainingState?, String) {
    guard FileSystem.isFile(state) else { return (nil, "there is none") }
    guard let file = try? SafetensorsFile(path: state) else { return (nil, "it is damaged") }
    func value(_ key: String) -> String? { file.metadata.first { $0.key == key }?.value }
    guard value("format") == Self.format else { return (nil, "it is of another format") }
    guard let found = value("identity"), found == identity else {
      return (nil, Self.difference(value("identity") ?? "", identity))
    }
    guard let steps = value("steps").flatMap({ Int($0) }), let position = value("position").flatMap({ Int($0) }),
      let bits = value("loss_sum").flatMap({ UInt64($0) }), let text = value("log"),
      let log = try? JSONValue(parsing: text).array
    else { return (nil, "it is damaged") }
    var tensors: [NamedTensor] = []
    for (prefix, set) in [("parameters.", parameters), ("mean.", adam.mean), ("variance.", adam.variance)] {
      try set.load(from: file, prefix: prefix)
      for var tensor in set.tensors {
        tensor.name = prefix + tensor.name
        tensors.append(tensor)
      }
    }
    guard value("digest") == checkpointDigest(metadata: file.metadata, tensors: tensors) else {
      return (nil, "it is damaged")
    }
    adam.steps = steps
    let records = log.compactMap { EpochRecord($0) }
    return (TrainingState(records: records, position: position, lossSum: Double(bitPattern: bits)), "")
  }

  private static func difference(_ old: String, _ new: String) -> String {
    guard let one = try? JSONValue(parsing: old), let other = try? JSONValue(parsing: new) else {
      return "it is damaged"
    }
    for member in other.members ?? [] where member.value.canonical != one[member.key]?.canonical {
      return "\(member.key) is \(member.value.canonical), was \(one[member.key]?.canonical ?? "not set")"
    }
    return "it is of another run"
  }
}
