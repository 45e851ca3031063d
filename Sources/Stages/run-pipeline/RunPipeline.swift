import ArgumentParser
import Diagnostics
import JSON
import Pipelines
import Processes
import StageSupport

@main struct RunPipeline: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "run-pipeline",
    abstract: "Runs the stages of a pipeline file whose inputs, options, weights or code changed, and no others.",
    discussion: """
      Each stage says itself whether its output is up to date, so running a stage by hand and running it here do the \
      same. HUP, INT and TERM are handed to the stage that runs; the same command goes on from where it stopped.

      A value given by --set is one word and stands for the variable everywhere, also in other variables; an empty one \
      leaves the option out. Each variable can be set once.

      EXAMPLE
        run-pipeline pipelines/seed-rnn-512.yaml --set photos=/data/coco/photos \\
          --set train=captions_train.json --set val=captions_val.json \\
          --set weights=mobilenet_v2-b0353104.pth
        for hidden in 256 512 1024; do
          run-pipeline pipelines/demo.yaml --set hidden=$hidden
        done

      Exit codes: 0 everything is complete, else that of the stage that was not: 1 failed, 2 incomplete, 64 wrong \
      options, 129, 130 and 143 stopped by HUP, INT and TERM.
      """)

  @Argument(help: "The pipeline file (YAML).")
  var file: String
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Another value for a variable of the file. May be repeated.", valueName: "NAME=VALUE"))
  var settings: [String] = []
  @OptionGroup var common: CommonOptions

  func validate() throws {
    var names: Set<String> = []
    for (name, _) in try overrides where !names.insert(name).inserted {
      throw ValidationError("--set \(name) is given twice")
    }
  }

  private var overrides: [(name: String, value: String)] {
    get throws {
      try settings.map { setting in
        guard let equals = setting.firstIndex(of: "="), equals != setting.startIndex else {
          throw ValidationError("--set \(setting): expected NAME=VALUE")
        }
        return (name: String(setting[..<equals]), value: String(setting[setting.index(after: equals)...]))
      }
    }
  }

  func execute() throws -> Int32 {
    Signals.installForwarding()
    let pipeline: PipelineFile
    do { pipeline = try PipelineFile(path: file, overrides: try overrides) } catch let error
      as PipelineFile.UnknownVariable
    {
      throw ValidationError(error.description)
    }
    var extra: [String] = []
    if let threads = common.threads { extra.append("--threads=\(threads)") }
    if common.force { extra.append("--force") }
    if common.quiet { extra.append("--quiet") }
    let runner = PipelineRun(pipeline, stagesIn: ChildProcess.ownFolder, extraArguments: extra)
    let steps = common.dryRun ? try plan(runner) : try perform(pipeline, runner)
    let whole = PipelineReport(steps: steps, ofStages: pipeline.stages.count, signal: Signals.received)
    if common.json { try writeStandardOutput(whole.report.text) }
    return whole.code
  }

  /// `--dry-run`: every stage, its command line, and whether it would run.
  private func plan(_ runner: PipelineRun) throws -> [PipelineStep] {
    let steps = try runner.plan()
    for step in steps {
      if !common.json {
        let status = [step.status.rawValue, step.error?.description ?? step.reason].compactMap(\.self).joined(
          separator: ": ")
        try writeStandardOutput("\(step.stage.name) \(step.stage.arguments.joined(separator: " "))\n  \(status)\n")
      }
      if !step.errors.isEmpty { writeStandardError(step.errors) }
    }
    return steps
  }

  private func perform(_ pipeline: PipelineFile, _ runner: PipelineRun) throws -> [PipelineStep] {
    var steps: [PipelineStep] = []
    for stage in pipeline.stages {
      let step = try runner.perform(stage, asJSON: common.json)
      steps.append(step)
      if step.code == 0, Signals.received == nil || steps.count == pipeline.stages.count { continue }
      let following = pipeline.stages.dropFirst(steps.count).map(\.name).joined(separator: ", ")
      let ending =
        step.signal.map { "was killed by signal \($0); what it had finished is kept, the same command goes on" }
        ?? "ended with exit code \(step.code)"
      printError(
        "run-pipeline: \(stage.name) \(ending)" + (following.isEmpty ? "" : "; these did not run: \(following)"))
      break
    }
    return steps
  }
}
