import Diagnostics
import Files
import Pipelines
import TestSupport
import Testing

@Suite struct PipelineFileTests {
  private func pipeline(_ text: String, _ overrides: [(name: String, value: String)] = []) throws -> PipelineFile {
    let folder = try TemporaryFolder()
    let path = folder.path + "/pipeline.yaml"
    try FileSystem.replace(path, with: text)
    return try PipelineFile(path: path, overrides: overrides)
  }

  private let text = """
    variables:
      photos: /photos
      cache: cache/x
      images: ${cache}/images.h5
    stages:
      - run: decode-images
        with: {images: "${photos}", split: [train=a.json, val=b.json], grid: true, exact: false, weights: "", output: "${images}"}
      - run: tokenize-captions
    """

  @Test func optionsBecomeArgumentsInOrder() throws {
    let stages = try pipeline(text).stages
    #expect(stages.map(\.name) == ["decode-images", "tokenize-captions"])
    #expect(
      stages[0].arguments == [
        "--images", "/photos", "--split", "train=a.json", "--split", "val=b.json", "--grid", "--output",
        "cache/x/images.h5",
      ])
  }

  @Test func overridesReplaceVariablesBeforeTheyAreUsed() throws {
    let stages = try pipeline(text, [("cache", "/tmp/c"), ("photos", "p")]).stages
    #expect(stages[0].arguments.last == "/tmp/c/images.h5")
    #expect(stages[0].arguments[1] == "p")
  }

  @Test(arguments: [
    ("stages: 3", "no list called 'stages'"),
    ("stages:\n  - with: {a: 1}", "without 'run: NAME'"),
    ("stages:\n  - run: x\n    with: {a: \"${nobody}\"}", "no variable 'nobody'"),
    ("variables: {a: \"${b}\", b: \"${a}\"}\nstages:\n  - run: x\n    with: {c: \"${a}\"}", "in a circle"),
    ("stages:\n  - run: ../rm", "not the name of a stage"),
    ("speed: 3\nstages: []", "unknown key 'speed'"),
    ("stages: [", "is not YAML"),
  ])
  func mistakesAreNamed(text: String, problem: String) {
    let error = #expect(throws: InputError.self) { try pipeline(text) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  @Test func anOverrideOfNoVariableNamesThoseThereAre() {
    let error = #expect(throws: InputError.self) { try pipeline(text, [("fotos", "x")]) }
    #expect(error?.remedy == "its variables are cache, images, photos")
  }

  @Test(arguments: ["demo", "seed-rnn-512", "seed-rnn-1024", "coco2017"])
  func shippedPipelinesAreWellFormed(name: String) throws {
    let path = "\(SharedData.repository)/pipelines/\(name).yaml"
    #expect(try PipelineFile(path: path, overrides: []).stages.isEmpty == false)
  }
}
