import Diagnostics
import Digests
import Files
public import JSON

/// What a stage reads, makes and costs, declared before it runs: `--dry-run` prints it, and it decides whether the stage has
/// anything to do.
public struct StagePlan: Sendable {
  public struct Input: Sendable {
    public enum Kind: String, Sendable {
      /// One file, compared by its signature and, where that moved, by its SHA-256.
      case file
      /// One file of many gigabytes, compared by its signature alone.
      case archive
      /// A folder, compared by the names, sizes and times of the files in it.
      case folder
    }
    /// What it is for: `annotations`, `images`.
    public var name: String
    public var path: String
    public var kind: Kind
    public init(_ name: String, _ path: String, _ kind: Kind = .file) {
      self.name = name
      self.path = path
      self.kind = kind
    }
  }

  /// The executable's name.
  public var stage: String
  /// Raised whenever the stage's output changes for the same configuration and inputs.
  public var codeVersion: Int
  /// Everything the user chose that changes the output. Threads and paths do not belong here.
  public var configuration: JSONValue
  public var inputs: [Input]
  /// Paths; the first is the one that counts, and its stamp lies beside it. None where the result is only printed.
  public var outputs: [String]
  public var rows: Int?
  public var bytes: Int?

  public init(
    stage: String, codeVersion: Int, configuration: JSONValue, inputs: [Input], outputs: [String], rows: Int? = nil,
    bytes: Int? = nil
  ) {
    self.stage = stage
    self.codeVersion = codeVersion
    self.configuration = configuration
    self.inputs = inputs
    self.outputs = outputs
    self.rows = rows
    self.bytes = bytes
  }

  /// Whether the outputs are those that this plan would make.
  public enum Verdict: Equatable, Sendable {
    case current
    case stale(reason: String)
  }

  private var stampPath: String { outputs[0] + ".stamp.json" }

  /// Compares the plan with the stamp that the last complete run left.
  ///
  /// - Throws: `InputError` where an input is missing.
  public func verdict() throws -> Verdict {
    for input in inputs { _ = try signature(of: input) }
    if outputs.isEmpty { return .stale(reason: "what it makes is printed, not kept") }
    for output in outputs where !FileSystem.isFile(output) { return .stale(reason: "\(output) is not there") }
    guard let text = try? FileSystem.readText(stampPath), let stamp = try? JSONValue(parsing: text) else {
      return .stale(reason: "\(outputs[0]) has no record of how it was made")
    }
    if let reason = difference(from: stamp) { return .stale(reason: reason) }
    for input in inputs {
      let old = stamp["inputs"]?[input.name]
      if old?["path"]?.string == input.path, old?["signature"]?.string == (try signature(of: input)) { continue }
      if input.kind == .file, let digest = old?["sha256"]?.string, digest == (try contentDigest(of: input)) { continue }
      return .stale(reason: "the \(input.name) changed (\(input.path))")
    }
    for output in outputs where stamp["outputs"]?[output]?.string != FileSystem.signature(output)?.text {
      return .stale(reason: "\(output) changed since it was made")
    }
    return .current
  }

  private func difference(from stamp: JSONValue) -> String? {
    if stamp["stage"]?.string != stage {
      return "\(outputs[0]) was made by \(stamp["stage"]?.string ?? "something else")"
    }
    if stamp["code_version"]?.integer != codeVersion { return "\(stage) itself changed" }
    let old = stamp["configuration"] ?? .null
    if old.canonical == configuration.canonical { return nil }
    for member in configuration.members ?? [] where old[member.key]?.canonical != member.value.canonical {
      return "\(member.key) is \(member.value.canonical), was \(old[member.key]?.canonical ?? "not set")"
    }
    return "the configuration changed"
  }

  /// Leaves the stamp of a complete run. Call after the outputs are in place.
  public func recordCompletion() throws {
    if outputs.isEmpty { return }
    var inputRecords: [JSONValue.Member] = []
    for input in inputs {
      var record: [JSONValue.Member] = [
        .init("path", .string(input.path)), .init("signature", .string(try signature(of: input))),
      ]
      if input.kind == .file { record.append(.init("sha256", .string(try contentDigest(of: input)))) }
      inputRecords.append(.init(input.name, .object(record)))
    }
    let outputRecords = outputs.map { JSONValue.Member($0, .string(FileSystem.signature($0)?.text ?? "")) }
    let stamp: JSONValue = [
      "stage": .string(stage), "code_version": .integer(codeVersion), "configuration": configuration,
      "inputs": .object(inputRecords), "outputs": .object(outputRecords),
    ]
    try FileSystem.replace(stampPath, with: stamp.pretty + "\n")
  }

  private func signature(of input: Input) throws -> String {
    switch input.kind {
    case .file, .archive:
      guard let signature = FileSystem.signature(input.path) else {
        throw InputError(file: input.path, "the \(input.name) file is not there", remedy: "check the path")
      }
      return signature.text
    case .folder:
      guard FileSystem.isFolder(input.path) else {
        throw InputError(file: input.path, "the \(input.name) folder is not there", remedy: "check the path")
      }
      var hasher = SHA256Hasher()
      for name in try FileSystem.list(input.path) {
        hasher.update("\(name)\u{0}\(FileSystem.signature(FileSystem.join(input.path, name))?.text ?? "-")\u{0}")
      }
      return hasher.finish()
    }
  }

  private func contentDigest(of input: Input) throws -> String {
    let file = try MappedFile(path: input.path)
    var hasher = SHA256Hasher()
    let step = 1 << 22
    for start in stride(from: 0, to: file.count, by: step) {
      let range = start..<min(file.count, start + step)
      hasher.update(file.bytes.extracting(range))
      // Mapped pages count as this process's memory, which must not grow with its inputs.
      file.discard(range)
    }
    return hasher.finish()
  }

  /// The plan with its verdict, as `--dry-run --json` prints it.
  public func json(_ verdict: Verdict) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("stage", .string(stage)), .init("configuration", configuration),
      .init(
        "inputs",
        .array(inputs.map { ["name": .string($0.name), "path": .string($0.path), "kind": .string($0.kind.rawValue)] })),
      .init("outputs", .array(outputs.map { .string($0) })),
    ]
    if let rows { members.append(.init("rows", .integer(rows))) }
    if let bytes { members.append(.init("bytes", .integer(bytes))) }
    switch verdict {
    case .current:
      members.append(.init("up_to_date", true))
      members.append(.init("reason", "nothing changed"))
    case .stale(let reason):
      members.append(.init("up_to_date", false))
      members.append(.init("reason", .string(reason)))
    }
    return .object(members)
  }
}
