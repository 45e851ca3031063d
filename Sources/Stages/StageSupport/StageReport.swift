package import Diagnostics
package import JSON

/// What `--json` prints, for every command and every end: one object with `stage`, `status`, `reason`, `outputs`, `result`, and `error`
/// where something failed.
package struct StageReport: Sendable {
  /// How a command ended, or with `--dry-run` would begin.
  package enum Status: String, Sendable {
    case made
    case upToDate = "up to date"
    case wouldRun = "would run"
    case incomplete, failed, interrupted
  }

  package var stage: String
  package var status: Status
  /// Why it ran, or didn't; nil where it failed or was stopped before that was known.
  package var reason: String?
  package var outputs: [String]
  package var result: JSONValue
  package var error: InputError?

  package init(
    stage: String, _ status: Status, reason: String? = nil, outputs: [String] = [], result: JSONValue = .null,
    error: InputError? = nil
  ) {
    self.stage = stage
    self.status = status
    self.reason = reason
    self.outputs = outputs
    self.result = result
    self.error = error
  }

  package var members: [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("stage", .string(stage)), .init("status", .string(status.rawValue)), .init("reason", Self.text(reason)),
      .init("outputs", .array(outputs.map { .string($0) })), .init("result", result),
    ]
    if let error { members.append(.init("error", Self.json(error))) }
    return members
  }

  /// As it is printed.
  package var text: String { JSONValue.object(members).pretty + "\n" }

  private static func json(_ error: InputError) -> JSONValue {
    [
      "file": text(error.file), "at": text(error.location), "problem": .string(error.problem),
      "remedy": text(error.remedy),
    ]
  }

  private static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
}
