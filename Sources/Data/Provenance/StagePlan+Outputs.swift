import Diagnostics
import Files
import JSON

extension StagePlan {
  /// An output replaces what the same stage made there and nothing else; `replacesAnything` (`--force`) also what others made. An input
  /// of the run is never replaced.
  ///
  /// - Throws: `InputError` naming the file that is in the way.
  package func checkOutputs(replacesAnything: Bool) throws {
    var targets: [String] = []
    for output in outputs {
      guard output.path != "-" else {
        throw InputError(
          file: "-", "standard output is for text and JSON", remedy: "give a file name, or ./- for a file of that name")
      }
      let target = try FileSystem.resolve(output.path)
      guard !targets.contains(target) else {
        throw InputError(file: output.path, "is named for two outputs", remedy: "give each a name of its own")
      }
      targets.append(target)
      for input in inputs { for path in input.paths { try refuse(output, at: target, over: path, input.name) } }
      guard !replacesAnything, try FileSystem.status(of: target) != nil, !(try owns(output)) else { continue }
      throw InputError(
        file: output.path, "is there already, and is not what \(stage) made",
        remedy: "give another name, or --force to replace it")
    }
  }

  /// Whether the file that is there is this stage's own work: it says so, or the stamp does.
  private func owns(_ output: StageOutput) throws -> Bool {
    if let record = output.record {
      do { if try record(output.path).stage == stage { return true } } catch let error as InputError {
        // Of a damaged file, or one of another kind, the stamp may still say whose it is.
        if error.errorNumber != nil { throw error }
      }
    }
    guard let first = outputs.first, let stamp = try Stamp.read(beside: first.path), stamp.record.stage == stage,
      stamp.outputs[Stamp.name(of: output.path, beside: first.path)] != nil
    else { return false }
    return try !stamp.isComplete || stamp.isUntouched(output.path, beside: first.path)
  }

  /// - Throws: where `output`, or a file that is written on the way to it, is `input` or one of the files in it.
  private func refuse(_ output: StageOutput, at target: String, over path: String, _ name: String) throws {
    let remedy = "give another name for the output"
    for ending in ["", ".partial", ".journal", ".stamp.json"] where try FileSystem.isSameFile(target + ending, path) {
      let problem = ending.isEmpty ? "is" : "would be written by way of"
      throw InputError(file: output.path, "\(problem) \(path), the \(name) that is read", remedy: remedy)
    }
    guard try FileSystem.status(of: path)?.isFolder == true, try FileSystem.status(of: target) != nil,
      !(try owns(output)),
      try FileSystem.contains(folder: path, target)
    else { return }
    throw InputError(
      file: output.path, "lies among the \(name) that are read, and is not what \(stage) made", remedy: remedy)
  }

  /// Clears away what a killed run left beside finished outputs and their stamp.
  package func removeLeftovers() throws {
    guard let first = outputs.first else { return }
    for path in outputs.map(\.path) + [Stamp.path(beside: first.path)] { try FileSystem.removeLeftovers(beside: path) }
  }

  /// Says, before the first output is written, which files are this stage's work, so that a stopped run may replace what it made, and
  /// keeps the stamp locked until it is written again: outputs and stamp change hands together. Outputs that say themselves what made them
  /// need none of it.
  ///
  /// - Throws: `InputError` where another process is making them.
  package func claimOutputs() throws {
    guard let first = outputs.first, outputs.contains(where: { $0.record == nil }) else { return }
    let path = Stamp.path(beside: first.path)
    try FileSystem.makeFolder(FileSystem.folder(of: first.path))
    let old = try Stamp.read(beside: first.path)
    let oldText = try old.map { _ in try FileSystem.readText(path) }
    let named = outputs.map { output in
      let name = Stamp.name(of: output.path, beside: first.path)
      return JSONValue.Member(name, old?.outputs[name] ?? .object([]))
    }
    let claim = Stamp(
      record: record(inputs: .object([])), isComplete: false, memos: .null, outputs: .object(named), result: .null
    ).text
    do {
      try FileSystem.replace(path, with: claim)
      seen.claim = StampClaim(lock: try OutputFile(path: path), oldText: oldText)
    } catch let error as InputError where error.errorNumber == nil {
      throw InputError(file: first.path, error.problem, remedy: error.remedy)
    }
    // Somebody may have come between the two.
    guard try FileSystem.readText(path) == claim else {
      seen.claim = nil
      throw InputError(file: first.path, "another process is making this file", remedy: "wait for it, or stop it")
    }
  }

  /// Takes the claim back where the stage failed before it wrote anything: what somebody puts there afterwards is not this stage's.
  package func withdrawClaim() throws {
    guard let first = outputs.first, let claim = seen.claim else { return }
    seen.claim = nil
    let old = claim.oldText.flatMap { try? Stamp($0) }
    for output in outputs where try FileSystem.status(of: output.path) != nil {
      guard let old, try old.isUntouched(output.path, beside: first.path) else { return }
    }
    if let text = claim.oldText {
      try claim.lock.write(text)
      try claim.lock.publish()
    } else {
      try FileSystem.remove(Stamp.path(beside: first.path))
    }
  }
}
