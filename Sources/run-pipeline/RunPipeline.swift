import ArgumentParser
import Diagnostics
import Files
import JSON
import Pipelines
import StageSupport

@main struct RunPipeline: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run-pipeline",
    abstract: "Runs the stages of a pipeline file whose inputs, options, weights or code changed, and no others.",
    discussion: """
      Each stage says itself whether its output is up to date, so running a stage by hand and running it here do the
      same. After an interruption the same command goes on from where it stopped.

      EXAMPLE
        run-pipeline pipelines/seed-rnn-512.yaml --set photos=/data/coco/photos --set train=captions_train.json

      Exit codes: 0 everything is complete, 1 or 2 a stage failed or was incomplete, 130 interrupted.
      """)

  @Argument(help: "The pipeline file (YAML).")
  var file: String
  @Option(name: .customLong("set"), help: "Another value for a variable of the file: NAME=VALUE. May be repeated.")
  var settings: [String] = []
  @OptionGroup var common: CommonOptions

  func run() throws {
    Signals.install()
    Signals.installForwarding()
    do {
      let code = try execute()
      if code != 0 { throw ExitCode(code) }
    } catch let error as InputError {
      printError("run-pipeline: \(error)")
      throw ExitCode(1)
    }
  }

  private func execute() throws -> Int32 {
    let overrides = try settings.map { setting in
      guard let equals = setting.firstIndex(of: "=") else {
        throw InputError("--set \(setting): expected NAME=VALUE")
      }
      return (name: String(setting[..<equals]), value: String(setting[setting.index(after: equals)...]))
    }
    let pipeline = try PipelineFile(path: file, overrides: overrides)
    var extra: [String] = []
    if let threads = common.threads { extra += ["--threads", "\(threads)"] }
    if common.force { extra.append("--force") }
    if common.quiet { extra.append("--quiet") }
    let runner = PipelineRun(pipeline, stagesIn: ChildProcess.ownFolder, extraArguments: extra)
    return common.dryRun ? try describe(pipeline, runner) : try perform(pipeline, runner)
  }

  /// `--dry-run`: every stage, its command line, and whether it would run.
  private func describe(_ pipeline: PipelineFile, _ runner: PipelineRun) throws -> Int32 {
    var steps: [JSONValue] = []
    for stage in pipeline.stages {
      let plan = try runner.plan(stage)
      let status =
        plan.map { $0.isCurrent ? "up to date" : "would run: \($0.reason)" } ?? "would run: needs an earlier stage"
      steps.append([
        "stage": .string(stage.name), "arguments": .array(stage.arguments.map { .string($0) }),
        "up_to_date": .bool(plan?.isCurrent ?? false), "reason": .string(plan?.reason ?? "needs an earlier stage"),
      ])
      if !common.json { print("\(stage.name) \(stage.arguments.joined(separator: " "))\n  \(status)") }
    }
    if common.json { print(JSONValue.array(steps).pretty) }
    return 0
  }

  private func perform(_ pipeline: PipelineFile, _ runner: PipelineRun) throws -> Int32 {
    var steps: [JSONValue] = []
    var code: Int32 = 0
    for stage in pipeline.stages {
      let step = try runner.perform(stage, asJSON: common.json) { name, runs, reason in
        printError("run-pipeline: \(name): \(runs ? "runs" : "up to date"): \(reason)")
      }
      steps.append(step.json)
      code = step.exitCode
      if code != 0 {
        printError("run-pipeline: \(stage.name) ended with exit code \(code); the stages after it did not run")
        break
      }
    }
    if common.json { print(JSONValue.array(steps).pretty) }
    return code
  }
}
