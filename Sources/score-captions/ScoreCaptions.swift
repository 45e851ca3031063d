import ArgumentParser
import Diagnostics
import Files
import JSON
import Scores
import StageSupport

@main struct ScoreCaptions: ParsableCommand {
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
  @Flag(help: "Print the result as JSON on standard output.") var json = false

  func run() throws {
    Signals.install()
    do {
      if try score() < minimum { throw ExitCode(2) }
    } catch let error as InputError {
      printError("score-captions: \(error)")
      throw ExitCode(1)
    }
  }

  private func read(_ path: String) throws -> JSONValue {
    try JSONValue(parsing: try FileSystem.readText(path), file: path)
  }

  private func score() throws -> Double {
    let truths = try read(FileSystem.join(scenes, "scenes.json")).array ?? []
    let heldOut = try read(FileSystem.join(scenes, "captions_val.json"))
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
      if index < examples, !json {
        let truth = annotations.first { $0["image_id"]?.integer == id }?["caption"]?.string ?? ""
        print("  scene \(id)\n    says  \(caption)\n    true  \(truth)")
      }
    }
    if let id = missing.min() {
      throw InputError(
        file: results, "\(missing.count) held-out scenes have no caption; the first is \(id)",
        remedy: "caption the whole validation split")
    }
    func percent(_ count: Int) -> String { "\((Double(count) / Double(score.scenes) * 1000).rounded() / 10) %" }
    if json {
      print(
        JSONValue.object([
          .init("scenes", .integer(score.scenes)), .init("right_color", .integer(score.rightColor)),
          .init("right_shape", .integer(score.rightShape)), .init("right_both", .integer(score.rightBoth)),
          .init("share", .number(score.share)),
        ]).pretty)
    } else {
      print(
        "\(score.scenes) held-out scenes: the main object's colour and shape are right in \(percent(score.rightBoth)), the colour in "
          + "\(percent(score.rightColor)), the shape in \(percent(score.rightShape))")
    }
    return score.share
  }
}
