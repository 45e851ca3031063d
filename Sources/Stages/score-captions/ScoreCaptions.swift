import ArgumentParser
import Diagnostics
import Files
import JSON
import Provenance
import Scoring
import StageSupport

@main struct ScoreCaptions: StageCommand {
  static let configuration = CommandConfiguration(
    commandName: "score-captions",
    abstract: "Says how many captions of drawn scenes name the main object's colour and shape.",
    discussion: """
      Prints a few captions beside the true ones, then the shares. Exit code 2 where fewer than --minimum are right.

      EXAMPLE
        score-captions --results cache/demo/results.json --scenes cache/demo/scenes
      """)

  @Option(help: "COCO results JSON, as caption-images writes it.") var results: String
  @Option(help: "The folder that generate-scenes made.") var scenes: String
  @Option(help: "How many captions to show beside the true ones.") var examples = 10
  @Option(help: "The share of right captions that is enough, 0 to 1.") var minimum = 0.0
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard examples >= 0 else { throw ValidationError("--examples must not be negative") }
    guard (0...1).contains(minimum) else { throw ValidationError("--minimum goes from 0 to 1") }
  }

  private var truthPath: String { FileSystem.join(scenes, "scenes.json") }
  private var heldOutPath: String { FileSystem.join(scenes, "captions_val.json") }

  func plan() throws -> StagePlan {
    StagePlan(
      stage: "score-captions", codeVersion: 1, configuration: ["minimum": .number(minimum)],
      inputs: [.file("results", results), .file("scenes", truthPath), .file("captions", heldOutPath)], outputs: [])
  }

  func perform(_ plan: StagePlan, progress: any ProgressReporter) throws -> StageOutcome {
    var lines: [String] = []
    let score = try score(&lines)
    func percent(_ count: Int) -> String { "\((Double(count) / Double(score.scenes) * 1000).rounded() / 10) %" }
    lines.append(
      "\(score.scenes) held-out scenes: the main object's colour and shape are right in \(percent(score.rightBoth)), the colour in "
        + "\(percent(score.rightColor)), the shape in \(percent(score.rightShape))")
    return StageOutcome(
      lines: lines,
      result: [
        "scenes": .integer(score.scenes), "right_color": .integer(score.rightColor),
        "right_shape": .integer(score.rightShape), "right_both": .integer(score.rightBoth),
        "share": .number(score.share),
      ], isComplete: score.share >= minimum)
  }

  private func read(_ path: String) throws -> JSONValue {
    try JSONValue(parsing: try FileSystem.readText(path), file: path)
  }

  /// - Parameter lines: gets the first captions beside the true ones.
  private func score(_ lines: inout [String]) throws -> SceneScore {
    let truths = try read(truthPath).array ?? []
    let heldOut = try read(heldOutPath)
    let annotations = heldOut["annotations"]?.array ?? []
    // Each held-out scene counts once: what a run left out must not raise the share.
    var missing = Set(heldOut["images"]?.array?.compactMap { $0["id"]?.integer } ?? [])
    guard let captions = try read(results).array, !captions.isEmpty else {
      throw InputError(file: results, "holds no captions", remedy: "give the results of caption-images")
    }
    var score = SceneScore()
    for (index, result) in captions.enumerated() {
      guard let id = result["image_id"]?.integer, let caption = result["caption"]?.string,
        truths.indices.contains(id - 1), truths[id - 1]["image_id"]?.integer == id, missing.remove(id) != nil
      else {
        throw InputError(
          file: results, at: "result \(index)", "is no caption, or a second one, of a held-out scene in \(scenes)",
          remedy: "give both of one run")
      }
      score.add(caption: caption, truth: truths[id - 1])
      if index < examples {
        let truth = annotations.first { $0["image_id"]?.integer == id }?["caption"]?.string ?? ""
        lines.append("  scene \(id)\n    says  \(caption)\n    true  \(truth)")
      }
    }
    if let id = missing.min() {
      throw InputError(
        file: results, "\(missing.count) held-out scenes have no caption; the first is \(id)",
        remedy: "caption the whole validation split")
    }
    return score
  }
}
