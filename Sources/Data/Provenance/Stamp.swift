import Diagnostics
import Files
import JSON

/// `NAME.stamp.json` beside an output: what made it, for outputs that don't say so themselves, and memos of the inputs that save reading
/// them again. Without it nothing is wrong, only slower.
struct Stamp {
  var record: StageRecord
  /// False while the stage is at work, and after it was stopped: the outputs named are its own, whatever they hold.
  var isComplete: Bool
  /// Input name → memo.
  var memos: JSONValue
  /// Output name → `signature` and `sha256`.
  var outputs: JSONValue
  /// What the stage printed under `result`.
  var result: JSONValue

  static func path(beside output: String) -> String { output + ".stamp.json" }

  /// nil where there is none, or none that can be understood.
  static func read(beside output: String) throws -> Stamp? { try text(beside: output).flatMap { try? Stamp($0) } }

  /// As it lies there; nil where there is none.
  static func text(beside output: String) throws -> String? {
    let path = path(beside: output)
    guard try FileSystem.status(of: path)?.signature != nil else { return nil }
    return try FileSystem.readText(path)
  }

  var text: String {
    let inputs = (record.inputs.members ?? []).map { input in
      JSONValue.Member(input.key, ["digest": input.value, "memo": memos[input.key] ?? .null])
    }
    var made = record
    // Caches keep their splits themselves.
    (made.inputs, made.splits) = (.object(inputs), nil)
    var members = made.members
    members.insert(.init("complete", .bool(isComplete)), at: 2)
    members += [.init("outputs", outputs), .init("result", result)]
    return JSONValue.object(members).pretty + "\n"
  }

  /// How an output is named in the stamp beside `first`: so that a folder may be moved with all that is in it.
  static func name(of output: String, beside first: String) -> String {
    FileSystem.folder(of: output) == FileSystem.folder(of: first) ? FileSystem.name(of: output) : output
  }

  /// Whether `output` has still the size, times and inode that the complete run left.
  func isUnmoved(_ output: String, beside first: String) throws -> Bool {
    let kept = outputs[Self.name(of: output, beside: first)]?["signature"]?.string
    return try isComplete && kept != nil && kept == FileSystem.status(of: output)?.signature?.text
  }

  /// Whether `output` is as the complete run left it.
  func isUntouched(_ output: String, beside first: String) throws -> Bool {
    guard let kept = outputs[Self.name(of: output, beside: first)] else { return false }
    guard let signature = try FileSystem.status(of: output)?.signature else { return false }
    if kept["signature"]?.string == signature.text { return true }
    guard let known = kept["sha256"]?.string else { return false }
    return try known == sha256(ofFile: output)
  }
}

extension Stamp {
  /// - Throws: for text that is no stamp.
  init(_ text: String) throws {
    let json = try JSONValue(parsing: text)
    guard let isComplete = json["complete"]?.bool else { throw InputError("is no stamp") }
    var record = try StageRecord(json)
    let inputs = record.inputs.members ?? []
    record.inputs = .object(inputs.compactMap { input in input.value["digest"].map { .init(input.key, $0) } })
    self.init(
      record: record, isComplete: isComplete,
      memos: .object(inputs.compactMap { input in input.value["memo"].map { .init(input.key, $0) } }),
      outputs: json["outputs"] ?? .object([]), result: json["result"] ?? .null)
  }
}
