import JSON
package import StageSupport

/// A whole pipeline in the shape in which its stages report themselves.
package struct PipelineReport: Sendable {
  private let steps: [PipelineStep]
  /// The signal that ended the run between or in its stages.
  private let signal: Int32?

  /// - Parameter signal: that asked this process to stop, where one did.
  package init(steps: [PipelineStep], ofStages count: Int, signal: Int32?) {
    self.steps = steps
    self.signal = steps.count == count && steps.allSatisfy { $0.code == 0 } ? nil : signal
  }

  /// The exit code: that of the stage that ended it.
  package var code: Int32 {
    if let last = steps.last, last.code != 0 { return last.code }
    return signal.map { 128 + $0 } ?? 0
  }

  private var status: StageReport.Status {
    if let last = steps.last, last.code != 0 { return last.status }
    if signal != nil { return .interrupted }
    return steps.map(\.status).first { $0 != .upToDate } ?? .upToDate
  }

  package var report: StageReport {
    let decisive = steps.last { $0.code != 0 } ?? steps.first { $0.status != .upToDate }
    let reason = decisive.map { step in "\(step.stage.name): \(step.reason ?? step.status.rawValue)" }
    return StageReport(
      stage: "run-pipeline", status, reason: reason ?? "nothing changed", outputs: steps.flatMap(\.outputs),
      result: ["stages": .array(steps.map(\.json))], error: decisive?.error)
  }
}
