package import ArgumentParser
package import Diagnostics
package import JSON
import Kernels
import Processes
package import Provenance

/// The options every stage has.
package struct CommonOptions: ParsableArguments {
  @Option(help: "Worker threads (default: one for each CPU).")
  package var threads: Int?
  @Flag(help: "Print one JSON object on standard output: stage, status, reason, outputs, result or error.")
  package var json = false
  @Flag(help: "Print what would be read and made, and whether it is up to date; make nothing.")
  package var dryRun = false
  @Flag(help: "Run from the start even where the output is up to date, and replace files that this stage did not make.")
  package var force = false
  @Flag(help: "Nothing but errors on standard error.")
  package var quiet = false

  package init() {}

  package func validate() throws {
    // Every thread gets a workspace: a slip of the finger must not ask for millions of them.
    if let threads, !(1...1024 ~= threads) { throw ValidationError("--threads must be at least 1 and at most 1024") }
  }

  package var threadCount: Int { threads ?? availableProcessorCount }
}

/// What a stage did.
package struct StageOutcome: Sendable {
  /// Lines for people, on standard output.
  package var lines: [String]
  /// The same for programs: `result` of what `--json` prints.
  package var result: JSONValue
  /// False where part of the work is missing (rows skipped beyond what the user allows): exit code 2, and no stamp.
  package var isComplete: Bool

  package init(lines: [String], result: JSONValue, isComplete: Bool = true) {
    self.lines = lines
    self.result = result
    self.isComplete = isComplete
  }
}

/// A stage: it declares what it reads and makes, then does it. Everything around that is the same for all of them.
package protocol StageCommand: ReportingCommand {
  /// Reads only what is cheap: options, names, sizes.
  func plan() throws -> StagePlan
  /// Whether `perform` claims the outputs itself, because it may find that it must leave them alone.
  var claimsItsOutputs: Bool { get }
  /// Before it publishes, `perform` asks the plan to confirm that its inputs are still those that were read.
  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome
}

extension StageCommand {
  package var claimsItsOutputs: Bool { false }

  package func execute() throws -> Int32 {
    try Arithmetic.checkEnvironment()
    let plan = try plan()
    let found = try plan.verdict(renewsStamp: !common.dryRun)
    let verdict = common.force ? StagePlan.Verdict.stale(reason: "--force") : found
    if common.dryRun {
      try plan.checkOutputs(replacesAnything: common.force)
      try writeStandardOutput(description(of: plan, verdict))
      return 0
    }
    if verdict == .current {
      // Whoever may not remove them is told the same.
      try? plan.removeLeftovers()
      let report = report(.upToDate, verdict, plan, result: try plan.lastResult())
      try writeStandardOutput(common.json ? report.text : "\(plan.stage): up to date: \(plan.outputs[0].path)\n")
      return 0
    }
    try plan.checkOutputs(replacesAnything: common.force)
    if !claimsItsOutputs { try plan.claimOutputs() }
    let progress = TerminalProgress(
      name: plan.stage, isQuiet: common.quiet, announcement: plan.outputs.isEmpty ? nil : "runs: \(verdict.reason)")
    defer { progress.finish() }
    let outcome: StageOutcome
    do { outcome = try perform(plan, progress: progress) } catch {
      try? plan.withdrawClaim()
      throw error
    }
    if outcome.isComplete {
      try plan.confirmInputs()
      try plan.recordCompletion(result: outcome.result)
    }
    progress.finish()
    let report = report(outcome.isComplete ? .made : .incomplete, verdict, plan, result: outcome.result)
    try writeStandardOutput(common.json ? report.text : outcome.lines.map { $0 + "\n" }.joined())
    return outcome.isComplete ? 0 : 2
  }

  /// `--dry-run`.
  private func description(of plan: StagePlan, _ verdict: StagePlan.Verdict) -> String {
    if common.json {
      let report = report(verdict == .current ? .upToDate : .wouldRun, verdict, plan)
      return JSONValue.object(report.members + (plan.json.members ?? [])).pretty + "\n"
    }
    var lines = plan.inputs.map { "reads   \($0.name): \($0.path)" } + plan.outputs.map { "makes   \($0.path)" }
    if let rows = plan.rows { lines.append("rows    \(rows)") }
    if let bytes = plan.bytes { lines.append("bytes   \(bytes)") }
    lines.append("options \(plan.configuration.canonical)")
    lines.append(verdict == .current ? "status  up to date" : "status  would run: \(verdict.reason)")
    return lines.map { $0 + "\n" }.joined()
  }

  private func report(
    _ status: StageReport.Status, _ verdict: StagePlan.Verdict, _ plan: StagePlan, result: JSONValue = .null
  ) -> StageReport {
    StageReport(
      stage: Self.name, status, reason: verdict.reason, outputs: plan.outputs.map(\.path), result: result)
  }
}
