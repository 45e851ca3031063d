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
        "--images=/photos", "--split=train=a.json", "--split=val=b.json", "--grid", "--output=cache/x/images.h5",
      ])
  }

  @Test func overridesReplaceVariablesBeforeTheyAreUsed() throws {
    let stages = try pipeline(text, [("cache", "/tmp/c"), ("photos", "p")]).stages
    #expect(stages[0].arguments.last == "--output=/tmp/c/images.h5")
    #expect(stages[0].arguments[0] == "--images=p")
  }

  /// No value becomes an option of its own.
  @Test func aValueStaysAValue() throws {
    #expect(try pipeline(text, [("photos", "--force")]).stages[0].arguments[0] == "--images=--force")
    #expect(try pipeline(text, [("photos", "[a, b]")]).stages[0].arguments[0] == "--images=[a, b]")
    #expect(try pipeline(text, [("photos", "")]).stages[0].arguments[0] == "--split=train=a.json")
    #expect(try pipeline(text, [("photos", "${cache}/p")]).stages[0].arguments[0] == "--images=cache/x/p")
  }

  /// A variable may stand in a variable, and so on, as deep as one likes.
  @Test(arguments: [1, 3, 40]) func variablesStandInVariables(depth: Int) throws {
    let variables = (1...depth).map { "  v\($0): \($0 == depth ? "end" : "${v\($0 + 1)}/\($0)")\n" }.joined()
    let expected = "--a=end" + (1..<depth).reversed().map { "/\($0)" }.joined()
    let text = "variables:\n\(variables)stages:\n  - run: train-captioner\n    with: {a: \"${v1}\"}"
    #expect(try pipeline(text).stages[0].arguments == [expected])
  }

  @Test(arguments: [
    ("stages: 3", "no list called 'stages'"),
    ("stages: []", "no list called 'stages'"),
    ("stages:\n  - with: {a: 1}", "line 2: a stage without 'run: NAME'"),
    ("stages:\n  - run: decode-images\n    with: {a: \"${nobody}\"}", "line 3: no variable 'nobody'"),
    ("variables: {a: \"${b}\", b: \"${a}\"}\nstages:\n  - run: decode-images", "in a circle: a → b → a"),
    ("variables: {a: \"${a}\"}\nstages:\n  - run: decode-images", "in a circle: a → a"),
    ("variables: {a: \"${b\"}\nstages:\n  - run: decode-images", "line 1: '${' without '}'"),
    ("stages:\n  - run: ../rm", "'../rm' is not the name of a stage; stages are generate-scenes, decode-images"),
    ("stages:\n  - run: ..", "not the name of a stage"),
    ("stages:\n  - run: python3", "line 2: 'python3' is not the name of a stage"),
    ("stages:\n  - run: run-pipeline", "'run-pipeline' is not the name of a stage"),
    ("stages:\n  - run: decode-images\n    with: {\"images=x --force\": 1}", "is not the name of an option"),
    ("stages:\n  - run: decode-images\n    with: {-f: 1}", "is not the name of an option"),
    ("stages:\n  - run: decode-images\n    with: {a: {b: c}}", "line 3: expected one value"),
    ("variables: {a: [1, 2]}\nstages:\n  - run: decode-images", "line 1: expected one value"),
    ("speed: 3\nstages: []", "unknown key 'speed'"),
    ("stages: [", "is not YAML: did not find expected node content"),
    ("stages: 1\nstages: 2", "line 1: 'stages' is given twice"),
    ("variables: {1: a, \"1\": b}\nstages: []", "line 1: '1' is given twice"),
    ("a: 1\n---\nb: 2", "is not YAML"),
    ("", "expected 'key: value' lines"),
    ("\u{1}\u{2}\u{3}", "is not YAML: control characters"),
    ("stages:\n  - run: decode-images\n    with: {a: \"b\\0c\"}", "a value with a NUL byte"),
  ])
  func mistakesAreNamed(text: String, problem: String) {
    let error = #expect(throws: InputError.self) { try pipeline(text) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  /// What grows without end where it is expanded, or takes as many steps.
  @Test func bombsAreRefused() {
    func refuses(_ text: String, _ problem: String) {
      let error = #expect(throws: InputError.self) { try pipeline(text) }
      #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }
    let ten = { (text: String) in Array(repeating: text, count: 10).joined(separator: ",") }
    var aliases = "a0: &a0 [x]\n"
    var variables = "variables:\n  a0: \"\"\n"
    for level in 1..<40 {
      aliases += "a\(level): &a\(level) [\(ten("*a\(level - 1)"))]\n"
      variables += "  a\(level): \"\(ten("${a\(level - 1)}"))\"\n"
    }
    refuses(aliases + "? *a39\n: 1\n", "anchors and aliases")
    refuses(variables + "stages:\n  - run: decode-images", "a value of more than 65536 bytes")
    // Ten to the fortieth substitutions of nothing.
    let nothing = variables.replacing(",", with: "") + "stages:\n  - run: decode-images"
    #expect(throws: Never.self) { try pipeline(nothing) }
    let chain = (0..<20_000).map { "  a\($0): ${a\($0 + 1)}\n" }.joined()
    refuses("variables:\n\(chain)  a20000: x\nstages:\n  - run: decode-images", "variables more than 64 deep")
    refuses(String(repeating: "[", count: 100_000), "is not YAML")
    refuses(String(repeating: " ", count: 2 << 20), "is larger than 1 MB")
  }

  @Test func aFolderIsNoPipeline() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: InputError.self) { try PipelineFile(path: folder.path, overrides: []) }
    #expect(error?.file == folder.path)
  }

  @Test func anOverrideOfNoVariableNamesThoseThereAre() {
    let error = #expect(throws: PipelineFile.UnknownVariable.self) { try pipeline(text, [("fotos", "x")]) }
    #expect(error?.description.hasSuffix("has no variable 'fotos'; its variables are cache, images, photos") == true)
  }

  /// The stages are the executables in Sources/Stages, without run-pipeline itself.
  @Test func everyStageMayBeRun() throws {
    let declared = try FileSystem.list("\(SharedData.repository)/Sources/Stages").filter { $0.contains("-") }
    #expect(Set(declared) == Set(PipelineFile.stageNames + ["run-pipeline"]))
  }

  @Test(arguments: ["demo", "seed-rnn-512", "seed-rnn-1024", "coco2017"])
  func shippedPipelinesAreWellFormed(name: String) throws {
    let path = "\(SharedData.repository)/pipelines/\(name).yaml"
    #expect(try PipelineFile(path: path, overrides: []).stages.isEmpty == false)
  }
}
