import Diagnostics
import Files
import Processes
import StageSupport

/// Runs a pipeline's stages in order; each stage itself says whether it has anything to do.
package struct PipelineRun {
  let pipeline: PipelineFile
  let folder: String
  let extraArguments: [String]

  /// - Parameters:
  ///   - folder: where the stages' executables lie.
  ///   - extraArguments: passed to every stage: `--threads=2`, `--force`, `--quiet`.
  package init(_ pipeline: PipelineFile, stagesIn folder: String, extraArguments: [String]) {
    self.pipeline = pipeline
    self.folder = folder
    self.extraArguments = extraArguments
  }

  /// Runs `stage`, once: it looks itself whether it has anything to do. What it prints is passed through, or, with `asJSON`, taken.
  package func perform(_ stage: PipelineFile.Stage, asJSON: Bool) throws -> PipelineStep {
    let result = try ChildProcess.run(
      executable(stage), stage.arguments + extraArguments + (asJSON ? ["--json"] : []), capturesOutput: asJSON,
      bond: .stage)
    return PipelineStep(stage: stage, result)
  }

  /// What every stage would do, by its own `--dry-run`, up to the first that could not be run.
  ///
  /// A file that an earlier stage would make need not be there yet.
  package func plan() throws -> [PipelineStep] {
    var steps: [PipelineStep] = []
    for stage in pipeline.stages {
      let result = try ChildProcess.run(
        executable(stage), stage.arguments + extraArguments + ["--dry-run", "--json"], capturesOutput: true,
        errors: .captured, bond: .stage)
      var step = PipelineStep(stage: stage, result)
      func maker(_ file: String?) -> PipelineStep? {
        guard let file else { return nil }
        return steps.first { $0.status == .wouldRun && $0.makes(file) }
      }
      if step.code == 1, let file = step.error?.file, let earlier = maker(file) {
        step.becomes(.wouldRun, because: "needs \(file), which \(earlier.stage.name) makes")
      } else if step.code == 0, step.status != .wouldRun {
        if let file = step.inputs.first(where: { maker($0) != nil }), let earlier = maker(file) {
          step.becomes(.wouldRun, because: "reads \(file), which \(earlier.stage.name) makes anew")
        }
      }
      steps.append(step)
      if step.code != 0 { break }
    }
    return steps
  }

  private func executable(_ stage: PipelineFile.Stage) throws -> String {
    let path = FileSystem.join(folder, stage.name)
    guard try FileSystem.status(of: path)?.isFile == true else {
      throw InputError(
        file: path, "the stage '\(stage.name)' is not built", remedy: "build it with 'swift build -c release'")
    }
    return path
  }
}
