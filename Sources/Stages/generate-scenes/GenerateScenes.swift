import ArgumentParser
import Diagnostics
import JSON
import Provenance
import Scenes
import StageSupport

@main struct GenerateScenes: StageCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate-scenes",
    abstract: "Draws scenes of coloured shapes with five captions each, as a data set of COCO's form.",
    discussion: """
      Writes OUTPUT/images/*.jpg, captions_train.json, captions_val.json and scenes.json, which says what each scene \
      really shows. The same seed draws the same files on every machine. scenes.record names what was made, by which an \
      interrupted run goes on; a photograph of the same name that came from elsewhere is not replaced without --force.

      EXAMPLE
        generate-scenes --train 3000 --validation 300 --output cache/demo/scenes
      """)

  @Option(help: "Scenes for training.") var train = 3000
  @Option(help: "Held-out scenes.") var validation = 300
  @Option(help: "Seed of the series.") var seed = 1
  @Option(help: "JPEG quality.") var quality = 90
  @Option(help: "The folder to make.") var output: String
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard train >= 0, validation >= 0, train + validation > 0, train + validation <= 10_000_000 else {
      throw ValidationError("--train and --validation must be counts, not both 0")
    }
    guard seed >= 0 else { throw ValidationError("--seed must not be negative") }
    guard (1...100).contains(quality) else { throw ValidationError("--quality goes from 1 to 100") }
  }

  private var dataset: SceneDataset {
    SceneDataset(
      folder: output, trainCount: train, validationCount: validation, seed: UInt64(seed), quality: quality)
  }

  func plan() throws -> StagePlan {
    let (dataset, threads) = (dataset, common.threadCount)
    return StagePlan(
      stage: "generate-scenes", codeVersion: SceneDataset.codeVersion,
      configuration: [
        "train": .integer(train), "validation": .integer(validation), "seed": .integer(seed),
        "quality": .integer(quality),
      ], inputs: [], outputs: dataset.outputs.map { StageOutput($0) }, rows: train + validation,
      bytes: (train + validation) * 11_000, shortcoming: { try dataset.damage(threads: threads) })
  }

  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome {
    try dataset.write(threads: common.threadCount, restarts: common.force, progress: progress)
    return StageOutcome(
      lines: ["generate-scenes: \(train) scenes for training and \(validation) held out in \(output)"],
      result: ["train": .integer(train), "validation": .integer(validation), "folder": .string(output)])
  }
}
