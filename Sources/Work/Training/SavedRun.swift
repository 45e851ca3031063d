import Captioners
import Diagnostics
import Files
import JSON
import Weights

/// What an earlier run left in its folder, of whatever choices: its bytes are right, nothing more is said.
struct SavedRun {
  let folder: String
  /// The choices and caches it was trained with.
  let identity: JSONValue
  let state: TrainingState
  let steps: Int
  let file: SafetensorsFile

  private static let remedy = "give another --output, or --force to start anew"

  func refusal(_ problem: String, _ remedy: String? = nil) -> InputError {
    InputError(
      file: folder, "the run that it holds \(problem)",
      remedy: [remedy, Self.remedy].compactMap(\.self).joined(separator: ", "))
  }

  /// - Throws: `InputError` where the run was made by other choices, from other caches, or is longer than `options` asks for.
  func check(belongsTo wanted: JSONValue, _ options: TrainingOptions) throws {
    let found = identity
    if let version = wanted["code_version"]?.integer, found["code_version"]?.integer != version {
      let other = found["code_version"]?.integer ?? 0
      throw refusal(
        "was made by \(other > version ? "a newer" : "an older") train-captioner (\(other), this is \(version))")
    }
    for (name, path) in [("captions", options.captions), ("features", options.features)] {
      guard let mine = wanted[name]?.string, let other = found[name]?.string, mine != other else { continue }
      throw refusal(
        "was trained on other \(name): their fingerprint is \(other.prefix(12))…, that of \(path) \(mine.prefix(12))…")
    }
    // What a kernel level does to the bits (see `LinearAlgebra.arithmetic`); absent where every level gives the same.
    let (mine, other) = (wanted["arithmetic"]?.string ?? "the usual", found["arithmetic"]?.string ?? "the usual")
    guard mine == other else {
      throw refusal("was computed with \(other) arithmetic; this machine's is \(mine)", "go on where it was begun")
    }
    for member in wanted.members ?? [] where member.value.canonical != found[member.key]?.canonical {
      let option = "--" + member.key.map { $0 == "_" ? "-" : String($0) }.joined()
      func words(_ value: JSONValue?) -> String {
        value.map { $0 == .null ? "not given" : $0.string ?? $0.canonical } ?? "unknown"
      }
      throw refusal("has another \(option): \(words(found[member.key])) there, \(words(member.value)) here")
    }
    guard found.canonical == wanted.canonical else { throw refusal("was made by other choices") }
    let epochs = state.records.count
    guard epochs <= options.epochs else {
      throw refusal(
        "has \(epochs) finished epochs, --epochs is \(options.epochs)", "give --epochs \(epochs) or more to go on")
    }
  }

  /// - Throws: `InputError` where the state can't be one of a run on `captions` captions.
  func check(fits captions: Int, batch: Int) throws {
    let epochSteps = (captions + batch - 1) / batch
    guard 0..<captions ~= state.position, state.position % batch == 0, state.lossSum.isFinite,
      steps == state.records.count * epochSteps + state.position / batch,
      state.records.map(\.epoch) == Array(1..<state.records.count + 1)
    else { throw InputError(file: file.path, "contradicts itself", remedy: TrainingFiles.damageRemedy) }
  }

  func load(into parameters: ParameterSet, _ adam: inout Adam) throws {
    try parameters.load(from: file, prefix: "parameters.")
    try adam.mean.load(from: file, prefix: "mean.")
    try adam.variance.load(from: file, prefix: "variance.")
    adam.steps = steps
  }
}

extension TrainingFiles {
  static let damageRemedy =
    "the captioner, log and curve beside it are kept; give another --output, or --force to start anew"

  /// What an earlier run left, or nil where there was none.
  ///
  /// - Throws: `InputError` where a state is damaged or a file of another kind, and where a captioner has lost its state.
  func readSavedRun() throws -> SavedRun? {
    guard try FileSystem.status(of: state) != nil else {
      guard try FileSystem.status(of: checkpoint) == nil else {
        throw InputError(
          file: checkpoint, "is there without \(FileSystem.name(of: state)), from which its run would go on",
          remedy: "give another --output, or --force to start anew")
      }
      return nil
    }
    func damaged(_ problem: String, at place: String? = nil) -> InputError {
      InputError(file: state, at: place, "is damaged: \(problem)", remedy: Self.damageRemedy)
    }
    let file: SafetensorsFile
    do { file = try SafetensorsFile(path: state) } catch let error as InputError where error.errorNumber == nil {
      throw damaged(error.problem, at: error.location)
    }
    func value(_ key: String) -> String? { file.metadata.first { $0.key == key }?.value }
    guard value("format") == Self.stateFormat else {
      throw InputError(
        file: state, "is no state of a training run", remedy: "give another --output, or --force to replace it")
    }
    // The digest first: a bit that turned in a name must not look like another choice.
    guard value("digest") == checkpointDigest(metadata: file.metadata, tensors: try file.names.map(file.tensor)) else {
      throw damaged("it does not match its digest")
    }
    guard let identity = value("identity").flatMap({ try? JSONValue(parsing: $0) }),
      let steps = value("steps").flatMap({ Int($0) }), let position = value("position").flatMap({ Int($0) }),
      let bits = value("loss_sum").flatMap({ UInt64($0) }),
      let log = value("log").flatMap({ try? JSONValue(parsing: $0).array })
    else { throw damaged("its metadata is not complete") }
    return SavedRun(
      folder: folder, identity: identity,
      state: TrainingState(
        records: log.compactMap { EpochRecord($0) }, position: position, lossSum: Double(bitPattern: bits)),
      steps: steps, file: file)
  }
}
