import Diagnostics
import Files
public import JSON

/// Runs a pipeline's stages in order; each stage itself says whether it has anything to do.
public struct PipelineRun {
  /// What happened to one stage.
  public struct Step: Sendable {
    public var stage: String
    public var reason: String
    public var ran: Bool
    public var exitCode: Int32
    public var output: String

    public var json: JSONValue {
      [
        "stage": .string(stage), "ran": .bool(ran), "reason": .string(reason), "exit_code": .integer(Int(exitCode)),
        "result": (try? JSONValue(parsing: output)) ?? .null,
      ]
    }
  }

  let pipeline: PipelineFile
  let folder: String
  let extraArguments: [String]

  /// - Parameters:
  ///   - folder: where the stages' executables lie.
  ///   - extraArguments: passed to every stage: `--threads 2`, `--force`, `--quiet`.
  public init(_ pipeline: PipelineFile, stagesIn folder: String, extraArguments: [String]) {
    self.pipeline = pipeline
    self.folder = folder
    self.extraArguments = extraArguments
  }

  /// Whether `stage` would run and why, by its own `--dry-run`. Nil where its inputs are not there yet.
  public func plan(_ stage: PipelineFile.Stage) throws -> (isCurrent: Bool, reason: String)? {
    let result = try ChildProcess.run(
      executable(stage), stage.arguments + extraArguments + ["--dry-run", "--json"], capturesOutput: true,
      silencesErrors: true, bond: .stage)
    guard result.code == 0, let plan = try? JSONValue(parsing: result.output) else { return nil }
    return (plan["status"]?.string == "up to date", plan["reason"]?.string ?? "it did not say why")
  }

  /// Runs one stage where it has something to do.
  ///
  /// - Parameter announce: told before the stage starts: its name, whether it runs, why.
  public func perform(
    _ stage: PipelineFile.Stage, asJSON: Bool, announce: (String, Bool, String) -> Void
  ) throws -> Step {
    let isForced = extraArguments.contains("--force")
    let plan = try plan(stage)
    if let plan, plan.isCurrent, !isForced {
      announce(stage.name, false, plan.reason)
      return Step(stage: stage.name, reason: plan.reason, ran: false, exitCode: 0, output: "")
    }
    let reason = isForced ? "--force" : plan?.reason ?? "its options or inputs need a look"
    announce(stage.name, true, reason)
    let result = try ChildProcess.run(
      executable(stage), stage.arguments + extraArguments + (asJSON ? ["--json"] : []), capturesOutput: asJSON,
      bond: .stage)
    return Step(stage: stage.name, reason: reason, ran: true, exitCode: result.code, output: result.output)
  }

  private func executable(_ stage: PipelineFile.Stage) throws -> String {
    let path = FileSystem.join(folder, stage.name)
    guard FileSystem.isFile(path) else {
      throw InputError(
        file: pipeline.path, "there is no stage '\(stage.name)' in \(folder)",
        remedy: "check the name, or build it with 'swift build -c release'")
    }
    return path
  }
}
