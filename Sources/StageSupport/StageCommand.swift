public import ArgumentParser
public import Diagnostics
import Files
public import Freshness
public import JSON
import Workers

/// The options every stage has.
public struct CommonOptions: ParsableArguments {
  @Option(help: "Worker threads (default: one for each CPU).")
  public var threads: Int?
  @Flag(help: "Print the result as JSON on standard output.")
  public var json = false
  @Flag(help: "Print what would be read and made, and whether it is up to date; make nothing.")
  public var dryRun = false
  @Flag(help: "Run even where the output is up to date.")
  public var force = false
  @Flag(help: "No progress on standard error.")
  public var quiet = false

  public init() {}

  public func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
  }

  public var threadCount: Int { threads ?? availableProcessorCount }
}

/// What a stage did.
public struct StageOutcome: Sendable {
  /// Lines for people, on standard output.
  public var lines: [String]
  /// The same for programs (`--json`).
  public var json: JSONValue
  /// False where part of the work is missing (rows skipped beyond what the user allows): exit code 2, and no stamp.
  public var isComplete: Bool

  public init(lines: [String], json: JSONValue, isComplete: Bool = true) {
    self.lines = lines
    self.json = json
    self.isComplete = isComplete
  }
}

/// A stage: it declares what it reads and makes, then does it. `run` is the same for all of them.
///
/// Exit codes: 0 complete work (or nothing to do), 1 failed, 2 incomplete, 64 wrong usage, 129, 130 or 143 stopped by HUP, INT or TERM.
public protocol StageCommand: ParsableCommand {
  var common: CommonOptions { get }
  /// Reads only what is cheap: options, names, sizes.
  func plan() throws -> StagePlan
  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome
}

extension StageCommand {
  public mutating func run() throws {
    let name = Self.configuration.commandName ?? "stage"
    Signals.install()
    do {
      let code = try execute()
      if code != 0 { throw ExitCode(code) }
    } catch let error as InputError {
      printError("\(name): \(error)")
      throw ExitCode(1)
    } catch is Interrupted {
      printError("\(name): stopped; the same command goes on from here")
      throw ExitCode(Signals.exitCode)
    }
  }

  private func execute() throws -> Int32 {
    let plan = try plan()
    let verdict = try plan.verdict()
    if common.dryRun {
      printPlan(plan, verdict)
      return 0
    }
    if verdict == .current && !common.force {
      if common.json {
        print(plan.json(verdict).pretty)
      } else {
        print("\(plan.stage): up to date: \(plan.outputs[0])")
      }
      return 0
    }
    let progress = TerminalProgress(name: plan.stage, isQuiet: common.quiet)
    defer { progress.finish() }
    let outcome = try perform(plan, progress: progress)
    if outcome.isComplete { try plan.recordCompletion() }
    progress.finish()
    if common.json { print(outcome.json.pretty) } else { for line in outcome.lines { print(line) } }
    return outcome.isComplete ? 0 : 2
  }

  private func printPlan(_ plan: StagePlan, _ verdict: StagePlan.Verdict) {
    if common.json { return print(plan.json(verdict).pretty) }
    for input in plan.inputs { print("reads   \(input.name): \(input.path)") }
    for output in plan.outputs { print("makes   \(output)") }
    if let rows = plan.rows { print("rows    \(rows)") }
    if let bytes = plan.bytes { print("bytes   \(bytes)") }
    print("options \(plan.configuration.canonical)")
    switch verdict {
    case .current: print("status  up to date")
    case .stale(let reason): print("status  would run: \(reason)")
    }
  }
}

/// One line on standard error.
public func printError(_ line: String) {
  writeStandardError(line + "\n")
}
