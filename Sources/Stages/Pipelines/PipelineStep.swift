package import Diagnostics
package import JSON
import Processes
package import StageSupport

/// What one stage of a pipeline did, or would do.
package struct PipelineStep: Sendable {
  package var stage: PipelineFile.Stage
  /// The stage's exit code; 128 + the signal's number where a signal ended it.
  package var code: Int32
  /// The signal that ended the stage, where one did.
  package var signal: Int32?
  /// What the stage said on standard error, where that was taken.
  package var errors: String
  /// What the stage printed for `--json`, where it was asked.
  private var report: JSONValue?

  init(stage: PipelineFile.Stage, _ result: ChildProcess.Result) {
    self.stage = stage
    (code, signal, errors) = (result.code, result.signal, result.errors)
    report = try? JSONValue(parsing: result.output)
  }

  /// As the stage says it, or by its exit code where it said nothing.
  package var status: StageReport.Status {
    report?["status"]?.string.flatMap { StageReport.Status(rawValue: $0) } ?? (code == 0 ? .made : .failed)
  }
  package var reason: String? { report?["reason"]?.string }
  package var outputs: [String] { report?["outputs"]?.array?.compactMap(\.string) ?? [] }
  /// Several paths of one input come as one text for people.
  var inputs: [String] {
    (report?["inputs"]?.array ?? []).compactMap { $0["path"]?.string }.flatMap { path in
      [path] + (path.contains(", ") ? path.split(separator: ", ").map(String.init) : [])
    }
  }

  /// What went wrong, as the stage says it, or what is known of a stage that could say nothing.
  package var error: InputError? {
    if let error = report?["error"], let problem = error["problem"]?.string {
      return InputError(
        file: error["file"]?.string, at: error["at"]?.string, problem, remedy: error["remedy"]?.string)
    }
    if let signal {
      return InputError(
        "\(stage.name) was killed by signal \(signal)", remedy: "what it had finished is kept; the same command goes on"
      )
    }
    return code == 0 || report != nil ? nil : InputError("\(stage.name) ended with exit code \(code)")
  }

  /// Whether `file` is what the stage makes: one of its outputs, or below the folder that it makes.
  func makes(_ file: String) -> Bool {
    if outputs.contains(file) { return true }
    // A stage that can't plan yet has told no outputs: its options tell them.
    let named = stage.arguments.compactMap { argument in
      ["--output=", "--results="].first { argument.hasPrefix($0) }.map { String(argument.dropFirst($0.count)) }
    }
    return named.contains { file == $0 || file.hasPrefix($0 + "/") }
  }

  mutating func becomes(_ status: StageReport.Status, because reason: String) {
    var members = (report?.members ?? []).filter { !["status", "reason", "error"].contains($0.key) }
    members.insert(
      contentsOf: [.init("status", .string(status.rawValue)), .init("reason", .string(reason))],
      at: min(1, members.count))
    report = .object(members)
    (code, signal, errors) = (0, nil, "")
  }

  /// The stage's own report with its exit code.
  package var json: JSONValue {
    var members = report?.members ?? StageReport(stage: stage.name, status, error: error).members
    members.append(.init("arguments", .array(stage.arguments.map { .string($0) })))
    members.append(.init("exit_code", .integer(Int(code))))
    return .object(members)
  }
}
