package import Diagnostics
import Files
package import JSON

/// A whole pipeline in the shape in which its stages report themselves.
package struct PipelineReport: Sendable {
  private let steps: [PipelineStep]
  private let failure: InputError?
  /// The signal that ended the run between or in its stages.
  private let signal: Int32?

  /// - Parameter signal: that asked this process to stop, where one did.
  package init(steps: [PipelineStep], ofStages count: Int, signal: Int32?) {
    self.steps = steps
    failure = nil
    self.signal = steps.count == count && steps.allSatisfy { $0.code == 0 } ? nil : signal
  }

  package init(failure: InputError) {
    steps = []
    self.failure = failure
    signal = nil
  }

  /// The exit code: that of the stage that ended it.
  package var code: Int32 {
    if failure != nil { return 1 }
    if let last = steps.last, last.code != 0 { return last.code }
    return signal.map { 128 + $0 } ?? 0
  }

  private var status: String {
    if failure != nil { return "failed" }
    if let last = steps.last, last.code != 0 { return last.status }
    if signal != nil { return "interrupted" }
    return steps.map(\.status).first { $0 != "up to date" } ?? "up to date"
  }

  package var json: JSONValue {
    let decisive = steps.last { $0.code != 0 } ?? steps.first { $0.status != "up to date" }
    let reason = decisive.map { step in "\(step.stage.name): \(step.reason ?? step.status)" } ?? "nothing changed"
    var members: [JSONValue.Member] = [
      .init("stage", "run-pipeline"), .init("status", .string(status)),
      .init("reason", failure == nil ? .string(reason) : .null),
      .init("outputs", .array(steps.flatMap(\.outputs).map { .string($0) })),
      .init("result", failure == nil ? ["stages": .array(steps.map(\.json))] : .null),
    ]
    if let error = failure ?? decisive?.error { members.append(.init("error", error.json)) }
    return .object(members)
  }
}

extension InputError {
  /// As every command prints it.
  var json: JSONValue {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    return ["file": text(file), "at": text(location), "problem": .string(problem), "remedy": text(remedy)]
  }
}
