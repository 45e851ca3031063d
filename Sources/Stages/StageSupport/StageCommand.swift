package import ArgumentParser
package import Diagnostics
import Files
package import JSON
import Kernels
package import Provenance
import Workers

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
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
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
///
/// Exit codes: 0 complete work (or nothing to do), 1 failed, 2 incomplete, 64 wrong usage, 129, 130 and 143 ended by HUP, INT and TERM.
package protocol StageCommand: ParsableCommand {
  var common: CommonOptions { get }
  /// Reads only what is cheap: options, names, sizes.
  func plan() throws -> StagePlan
  /// Whether `perform` claims the outputs itself, because it may find that it must leave them alone.
  var claimsItsOutputs: Bool { get }
  /// Before it publishes, `perform` asks the plan to confirm that its inputs are still those that were read.
  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome
}

extension StageCommand {
  package var claimsItsOutputs: Bool { false }

  static var name: String { configuration.commandName ?? "stage" }

  package static func main() {
    StandardStreams.secure()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      let code = exitCode(for: error)
      // Wrong usage has the shape of any failure for those that read JSON; for people it is ArgumentParser's text.
      if code == .validationFailure, CommandLine.arguments.contains("--json") {
        try? writeStandardOutput(report("failed", error: InputError(message(for: error))).pretty + "\n")
      }
      exit(withError: error)
    }
  }

  package mutating func run() throws {
    Signals.install()
    var code: Int32 = 1
    do {
      code = try execute()
    } catch let error as InputError {
      printError("\(Self.name): \(error)")
      if common.json { try? writeStandardOutput(Self.report("failed", error: error).pretty + "\n") }
    } catch is Interrupted {
      code = Signals.exitCode
      // --force would start anew.
      let advice =
        common.force
        ? "without --force the same command goes on from here, or keeps what was there before"
        : "the same command goes on from here"
      printError("\(Self.name): stopped; \(advice)")
      if common.json { try? writeStandardOutput(Self.report("interrupted").pretty + "\n") }
    }
    if code != 0 { throw ExitCode(code) }
  }

  private func execute() throws -> Int32 {
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
      let report = Self.report("up to date", verdict.reason, plan, result: try plan.lastResult())
      try writeStandardOutput(
        common.json ? report.pretty + "\n" : "\(plan.stage): up to date: \(plan.outputs[0].path)\n")
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
    let report = Self.report(outcome.isComplete ? "made" : "incomplete", verdict.reason, plan, result: outcome.result)
    try writeStandardOutput(
      common.json ? report.pretty + "\n" : outcome.lines.map { $0 + "\n" }.joined())
    return outcome.isComplete ? 0 : 2
  }

  /// `--dry-run`.
  private func description(of plan: StagePlan, _ verdict: StagePlan.Verdict) -> String {
    let status = verdict == .current ? "up to date" : "would run"
    if common.json {
      let report = Self.report(status, verdict.reason, plan)
      return JSONValue.object((report.members ?? []) + (plan.json.members ?? [])).pretty + "\n"
    }
    var lines = plan.inputs.map { "reads   \($0.name): \($0.path)" } + plan.outputs.map { "makes   \($0.path)" }
    if let rows = plan.rows { lines.append("rows    \(rows)") }
    if let bytes = plan.bytes { lines.append("bytes   \(bytes)") }
    lines.append("options \(plan.configuration.canonical)")
    lines.append(verdict == .current ? "status  up to date" : "status  would run: \(verdict.reason)")
    return lines.map { $0 + "\n" }.joined()
  }

  /// The one shape of `--json`.
  private static func report(
    _ status: String, _ reason: String? = nil, _ plan: StagePlan? = nil, result: JSONValue = .null,
    error: InputError? = nil
  ) -> JSONValue {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    var members: [JSONValue.Member] = [
      .init("stage", .string(name)), .init("status", .string(status)), .init("reason", text(reason)),
      .init("outputs", .array((plan?.outputs ?? []).map { .string($0.path) })), .init("result", result),
    ]
    if let error {
      members.append(
        .init(
          "error",
          [
            "file": text(error.file), "at": text(error.location), "problem": .string(error.problem),
            "remedy": text(error.remedy),
          ]))
    }
    return .object(members)
  }
}

/// One line on standard error.
package func printError(_ line: String) {
  writeStandardError(line + "\n")
}
