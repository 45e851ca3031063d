import Files
import JSON
import TestSupport
import Testing

/// Captions and features of the same photographs are trained on together however each was chosen; those of others never are.
extension BuiltStages {
  @Suite struct JoiningTests {
    private let fixture: Fixture
    private let folder: TemporaryFolder
    private var path: String { folder.path }

    init() throws {
      fixture = try Fixture.get()
      folder = try TemporaryFolder()
    }

    private func tokenize(_ options: [String] = [], splits: [String]? = nil) throws -> String {
      let output = path + "/captions.h5"
      try succeed("tokenize-captions", (splits ?? fixture.splits) + options + ["--output", output])
      return output
    }

    private func train(_ captions: String, _ features: String? = nil) -> [String] {
      [
        "--captions", captions, "--features", features ?? fixture.features, "--hidden", "8", "--word-vector", "8",
        "--batch", "16", "--epochs", "1", "--force", "--output", path + "/captioner",
      ]
    }

    @Test(arguments: [
      ["--captions-per-image", "1"], ["--first", "train=20"], ["--first", "train=0", "--first", "val=0"],
      ["--sample", "10"], ["--length", "9"],
    ]) func anyCaptionsOfTheSamePhotographs(options: [String]) throws {
      try succeed("train-captioner", train(try tokenize(options)))
    }

    /// README's three commands and its pipeline say the same in two ways.
    @Test func nothingAndZeroMeanTheSame() throws {
      let (one, other) = (path + "/one.h5", path + "/other.h5")
      try succeed("tokenize-captions", fixture.splits + ["--output", one])
      try succeed(
        "tokenize-captions",
        fixture.splits + [
          "--first", "train=0", "--first", "val=0", "--captions-per-image", "all", "--output", other,
        ])
      #expect(try contents(of: one) == contents(of: other))
    }

    /// What is chosen of the captions is no part of the photographs.
    @Test func imagesDoNotDependOnCaptionsPerImage() throws {
      let output = path + "/images.h5"
      try succeed(
        "decode-images",
        fixture.splits + ["--images", fixture.scenes + "/images", "--captions-per-image", "1", "--output", output])
      #expect(try contents(of: output) == contents(of: fixture.images))
    }

    @Test func captionsThatWereEdited() throws {
      let text = try FileSystem.readText(fixture.scenes + "/captions_train.json")
      let document = try JSONValue(parsing: text)
      let edited = JSONValue.object(
        (document.members ?? []).map { member in
          guard member.key == "annotations" else { return member }
          return .init(member.key, .array(Array((member.value.array ?? []).dropLast())))
        })
      let file = path + "/edited.json"
      try FileSystem.replace(file, with: edited.compact)
      let captions = try tokenize(splits: ["--split", "train=\(file)"])
      try succeed("train-captioner", train(captions))
    }

    /// Scenes are numbered from 1 in every series: only names and sizes tell them apart.
    @Test func photographsOfAnotherSeries() throws {
      try succeed(
        "generate-scenes", ["--train", "48", "--validation", "16", "--seed", "8", "--output", path + "/scenes"])
      let captions = try tokenize(splits: ["--split", "train=\(path)/scenes/captions_train.json"])
      try expectRefusal(
        "train-captioner", train(captions), naming: [fixture.features, captions, "image ", ".jpg of ", "decode-images"])
    }

    @Test func idsThatOverlapByChance() throws {
      let file = path + "/flowers.json"
      try writeAnnotations((1...30).map { ($0, "flower\($0).jpg") }, to: file)
      let captions = try tokenize(splits: ["--split", "train=\(file)"])
      try expectRefusal(
        "train-captioner", train(captions), naming: ["image 1 is 000000000001.jpg", "flower1.jpg there"])
    }

    @Test func imagesWithoutFeatures() throws {
      let features = path + "/features.h5"
      let images = path + "/images.h5"
      try succeed(
        "decode-images",
        fixture.splits + ["--images", fixture.scenes + "/images", "--first", "train=10", "--output", images])
      try succeed("extract-features", ["--images-cache", images, "--weights", fixture.weights, "--output", features])
      try expectRefusal(
        "train-captioner", train(fixture.captions, features),
        naming: ["only 10 of the 48 images of split 'train'", features, "extract-features"])
    }

    @Test func imagesInOtherSplits() throws {
      let captions = try tokenize(
        splits: [
          "--split", "train=\(fixture.scenes)/captions_val.json", "--split",
          "val=\(fixture.scenes)/captions_train.json",
        ])
      try expectRefusal(
        "train-captioner", train(captions), naming: ["in split val here, in split train there", "--split"])
    }
  }
}
