import Diagnostics
import Files
package import JSON

extension StagePlan {
  /// Compares the plan with what the outputs, or the stamp beside them, say of their making.
  ///
  /// - Parameter renewsStamp: writes down what had to be read again, so that it need not be the next time.
  /// - Throws: `InputError` where an input is missing or can't be read.
  package func verdict(renewsStamp: Bool) throws -> Verdict {
    for input in inputs { try seen.look(at: input) }
    guard let first = outputs.first else { return .stale(reason: "what it makes is printed, not kept") }
    for output in outputs where try FileSystem.status(of: output.path)?.signature == nil {
      return .stale(reason: "\(output.path) is not there")
    }
    let stampText = try Stamp.text(beside: first.path)
    let stamp = stampText.flatMap { try? Stamp($0) }
    let made: StageRecord
    if let record = first.record {
      do { made = try record(first.path) } catch let error as InputError {
        if error.errorNumber != nil { throw error }
        return .stale(reason: "\(first.path) \(error.problem)")
      }
    } else {
      guard let stamp else { return .stale(reason: "\(first.path) has no record of how it was made") }
      guard stamp.isComplete else { return .stale(reason: "the last run did not finish") }
      made = stamp.record
    }
    if let reason = record(inputs: .null).difference(from: made, of: first.path) { return .stale(reason: reason) }
    for member in made.inputs.members ?? [] where !inputs.contains(where: { $0.isNamed(member.key) }) {
      return .stale(reason: "\(member.key) is not read any more")
    }
    var memos: [JSONValue.Member] = []
    for input in inputs {
      let known = stamp?.memos[input.name] ?? .null
      let content = try input.content(known)
      seen.keep(content, of: input.name)
      guard Self.isRecorded(content.digest, of: input, in: made.inputs) else {
        return .stale(reason: "the \(input.name) changed (\(input.path))")
      }
      memos.append(.init(input.name, content.memo))
    }
    for output in outputs where output.record == nil {
      guard let stamp, try stamp.isUntouched(output.path, beside: first.path) else {
        return .stale(reason: "\(output.path) changed since it was made")
      }
    }
    // What was moved, copied or touched is read once, and known by its stamp afterwards.
    let isUnmoved = try stamp?.isUnmoved(first.path, beside: first.path) ?? false
    if !isUnmoved, let verify = first.verify {
      do { try verify(first.path) } catch let error as InputError where error.errorNumber == nil {
        return .stale(reason: "\(first.path) \(error.location.map { "\($0) " } ?? "")\(error.problem)")
      }
    }
    if let reason = try shortcoming?() { return .stale(reason: reason) }
    if renewsStamp,
      !isUnmoved || stamp?.isComplete != true || stamp?.memos.canonical != JSONValue.object(memos).canonical
    {
      // It only saves work: whoever may read the cache and not write beside it is told the same.
      try? renewStamp(stampText, result: stamp?.result ?? .null)
    }
    return .current
  }

  /// Tells what the bytes that the stage read come to, so that they need not be read again: name → digest.
  package func know(_ digests: JSONValue) {
    for member in digests.members ?? [] {
      guard let input = inputs.first(where: { $0.isNamed(member.key) }), let signature = seen.signature(of: input.name),
        let digest = member.value.string
      else { continue }
      seen.keep(
        StageInput.Content(digest: digest, memo: ["signature": .string(signature), "digest": .string(digest)]),
        of: input.name)
    }
  }

  /// The same of an input that has its own kind of memo.
  package func know(_ content: StageInput.Content, of name: String) { seen.keep(content, of: name) }

  /// What the last complete run printed under `result`.
  package func lastResult() throws -> JSONValue {
    guard let first = outputs.first, let stamp = try Stamp.read(beside: first.path), stamp.isComplete else {
      return .null
    }
    return stamp.result
  }

  private static func isRecorded(_ digest: String, of input: StageInput, in recorded: JSONValue) -> Bool {
    guard input.isRecordedInParts else { return recorded[input.name]?.string == digest }
    let parts = (recorded.members ?? []).filter { input.isNamed($0.key) }
    return !parts.isEmpty && parts.allSatisfy { $0.value.string == digest }
  }

  /// Looks at every input again: call it when all is read, before anything is published.
  ///
  /// - Throws: `InputError` naming an input that was changed since the stage began.
  package func confirmInputs() throws {
    for input in inputs {
      guard let before = seen.signature(of: input.name), try input.signature() != before else { continue }
      // Touched is not changed where every row that is read is checked; elsewhere nobody can tell which bytes were parsed.
      if input.isCheckedWhileRead, let known = seen.content(of: input.name),
        try input.content(.null).digest == known.digest
      {
        continue
      }
      throw InputError(
        file: input.path, "the \(input.name) changed while it was read", remedy: "run the command again")
    }
  }

  /// Writes down what was read again; not where somebody else wrote the stamp since it was `old`, while this process waited for it.
  private func renewStamp(_ old: String?, result: JSONValue) throws {
    guard let first = outputs.first else { return }
    let text = try completionStamp(first, result: result)
    let file = try OutputFile(path: Stamp.path(beside: first.path))
    guard try Stamp.text(beside: first.path) == old else { return }
    try file.write(text)
    try file.publish()
  }

  /// Leaves the stamp of a complete run. Call after the outputs are in place.
  package func recordCompletion(result: JSONValue) throws {
    guard let first = outputs.first else { return }
    let text = try completionStamp(first, result: result)
    guard let claim = seen.claim else { return try FileSystem.replace(Stamp.path(beside: first.path), with: text) }
    seen.claim = nil
    try claim.lock.write(text)
    try claim.lock.publish()
  }

  private func completionStamp(_ first: StageOutput, result: JSONValue) throws -> String {
    var (digests, memos): ([JSONValue.Member], [JSONValue.Member]) = ([], [])
    for input in inputs {
      let content = try seen.content(of: input.name) ?? input.content(.null)
      digests.append(.init(input.name, .string(content.digest)))
      memos.append(.init(input.name, content.memo))
    }
    // What was read only now may have changed since the stage read it.
    try confirmInputs()
    var kept: [JSONValue.Member] = []
    for output in outputs {
      guard let signature = try FileSystem.status(of: output.path)?.signature else { continue }
      var members: [JSONValue.Member] = [.init("signature", .string(signature.text))]
      // What says itself what it is need not be read again.
      if output.record == nil { members.append(.init("sha256", .string(try sha256(ofFile: output.path)))) }
      kept.append(.init(Stamp.name(of: output.path, beside: first.path), .object(members)))
    }
    return Stamp(
      record: record(inputs: .object(digests)), isComplete: true, memos: .object(memos), outputs: .object(kept),
      result: result
    ).text
  }

  /// What this plan would make, from `inputs`.
  func record(inputs: JSONValue) -> StageRecord {
    StageRecord(stage: stage, codeVersion: codeVersion, configuration: configuration, inputs: inputs, splits: splits)
  }
}
