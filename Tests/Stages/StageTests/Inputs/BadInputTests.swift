import Files
import JSON
import TestSupport
import Testing
import Weights

/// Bad input: one clear line, exit code 1, and nothing lost that was made before.
extension BuiltStages {
  @Suite struct BadInputTests {
    private let fixture: Fixture
    private let folder: TemporaryFolder
    private var path: String { folder.path }

    init() throws {
      fixture = try Fixture.get()
      folder = try TemporaryFolder()
    }

    private func decode(_ annotations: String, images: String? = nil, output: String? = nil) -> [String] {
      [
        "--split", "train=\(annotations)", "--images", images ?? fixture.scenes + "/images", "--output",
        output ?? path + "/images.h5",
      ]
    }

    private var annotations: String { fixture.scenes + "/captions_train.json" }

    /// A file with the first half of another.
    private func half(_ file: String, as name: String) throws -> String {
      let whole = try contents(of: file)
      try FileSystem.replace("\(path)/\(name)", with: Array(whole.prefix(whole.count / 2)))
      return "\(path)/\(name)"
    }

    @Test func aMissingFolder() throws {
      try expectRefusal("decode-images", decode(annotations, images: path + "/nowhere"), naming: [path + "/nowhere"])
    }

    @Test(arguments: ["decode-images", "tokenize-captions"]) func missingAnnotations(stage: String) throws {
      let missing = path + "/nothing.json"
      let arguments =
        stage == "decode-images" ? decode(missing) : ["--split", "train=\(missing)", "--output", path + "/captions.h5"]
      try expectRefusal(stage, arguments, naming: [missing])
    }

    @Test(arguments: ["decode-images", "tokenize-captions"]) func annotationsCutInHalf(stage: String) throws {
      let cut = try half(annotations, as: "half.json")
      let arguments =
        stage == "decode-images" ? decode(cut) : ["--split", "train=\(cut)", "--output", path + "/captions.h5"]
      try expectRefusal(stage, arguments, naming: [cut])
    }

    @Test(arguments: ["[1, 2, 3]", #"{"type": "FeatureCollection", "features": []}"#, "", "null"])
    func annotationsOfAnotherKind(text: String) throws {
      let other = path + "/other.json"
      try FileSystem.replace(other, with: text)
      try expectRefusal("decode-images", decode(other), naming: [other])
      try expectRefusal(
        "tokenize-captions", ["--split", "train=\(other)", "--output", path + "/captions.h5"], naming: [other])
    }

    private func annotations(images: [JSONValue], captions: [JSONValue]) throws -> String {
      let file = path + "/annotations.json"
      let document: JSONValue = ["images": .array(images), "annotations": .array(captions)]
      try FileSystem.replace(file, with: document.compact)
      return file
    }

    private static func image(_ id: Int) -> JSONValue {
      let name = "00000000000\(id).jpg"
      return ["id": .integer(id), "file_name": .string(name)]
    }

    private static func caption(_ id: Int, of image: Int) -> JSONValue {
      ["id": .integer(id), "image_id": .integer(image), "caption": "A red circle."]
    }

    @Test func aCaptionForAnImageThatIsNotThere() throws {
      let file = try annotations(
        images: [Self.image(1)], captions: [Self.caption(1, of: 1), Self.caption(2, of: 77)])
      try expectRefusal(
        "tokenize-captions", ["--split", "train=\(file)", "--output", path + "/captions.h5"], naming: [file, "77"])
      try expectRefusal("decode-images", decode(file), naming: [file, "77"])
    }

    @Test func anImageWithoutCaptions() throws {
      let file = try annotations(images: [Self.image(1), Self.image(2)], captions: [Self.caption(1, of: 1)])
      try expectRefusal(
        "tokenize-captions", ["--split", "train=\(file)", "--output", path + "/captions.h5"], naming: [file, "2"])
    }

    @Test func duplicateIDs() throws {
      let images = try annotations(
        images: [Self.image(1), Self.image(1)], captions: [Self.caption(1, of: 1)])
      try expectRefusal("decode-images", decode(images), naming: [images, "1"])
      let captions = try annotations(
        images: [Self.image(1)], captions: [Self.caption(5, of: 1), Self.caption(5, of: 1)])
      try expectRefusal(
        "tokenize-captions", ["--split", "train=\(captions)", "--output", path + "/captions.h5"],
        naming: [captions, "5"])
    }

    @Test func aPhotographThatIsNotThere() throws {
      let file = try annotations(
        images: [Self.image(1), ["id": 2, "file_name": "absent.jpg"]],
        captions: [Self.caption(1, of: 1), Self.caption(2, of: 2)])
      let run = try StageProcess.run("decode-images", decode(file) + ["--max-failures", "0"])
      #expect(run.code != 0)
      #expect((run.errors + run.output).contains("absent.jpg"))
    }

    private func extract(_ weights: String, images: String? = nil) -> [String] {
      ["--images-cache", images ?? fixture.images, "--weights", weights, "--output", path + "/features.h5"]
    }

    @Test func weightsOfAnotherNetwork() throws {
      let file = path + "/other.safetensors"
      try writeSafetensors([NamedTensor(name: "conv1.weight", shape: [2, 2], values: [1, 2, 3, 4])], to: file)
      try expectRefusal("extract-features", extract(file), naming: [file, "features.0.0.weight"])
    }

    @Test func truncatedWeights() throws {
      let file = try half(fixture.weights, as: "half.safetensors")
      try expectRefusal("extract-features", extract(file), naming: [file])
    }

    @Test func aPickleThatAsksForTheShell() throws {
      let file = path + "/hostile.pth"
      let mark = path + "/executed"
      // torch's legacy container begins with its magic number in a pickle of its own.
      let magic: [UInt8] = [
        0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E, 0x80, 2, 0x4D, 0xE9, 3,
        0x2E, 0x80, 2, 0x7D, 0x71, 0, 0x2E,
      ]
      let shell = "cos\nsystem\n(S'touch \(mark)'\ntR."
      try FileSystem.replace(file, with: magic + [0x80, 2] + Array(shell.utf8))
      try expectRefusal("extract-features", extract(file), naming: [file, "os.system"])
      #expect(!FileSystem.isFile(mark))
    }

    @Test func aCacheCutInHalf() throws {
      let images = try half(fixture.images, as: "half.h5")
      try expectRefusal("extract-features", extract(fixture.weights, images: images), naming: [images])
      let features = try half(fixture.features, as: "half-features.h5")
      try expectRefusal("train-captioner", train(fixture.captions, features), naming: [features])
      let captions = try half(fixture.captions, as: "half-captions.h5")
      try expectRefusal("train-captioner", train(captions, fixture.features), naming: [captions])
    }

    private func train(_ captions: String, _ features: String) -> [String] {
      [
        "--captions", captions, "--features", features, "--hidden", "32", "--word-vector", "16", "--batch", "16",
        "--epochs", "1", "--output", path + "/captioner",
      ]
    }

    @Test func cachesInTheWrongPlaces() throws {
      try expectRefusal(
        "extract-features", extract(fixture.weights, images: fixture.captions), naming: [fixture.captions])
      try expectRefusal("train-captioner", train(fixture.features, fixture.captions), naming: ["captioneer."])
    }

    @Test func anOutputFolderThatCannotBeMade() throws {
      try FileSystem.replace(path + "/file", with: "a file, no folder")
      try expectRefusal(
        "decode-images", decode(annotations, output: path + "/file/images.h5"), naming: [path + "/file"])
      try expectRefusal(
        "tokenize-captions", ["--split", "train=\(annotations)", "--output", path + "/file/captions.h5"],
        naming: [path + "/file"])
    }

    @Test func aFailedRunLeavesTheOldCache() throws {
      let output = path + "/images.h5"
      try succeed("decode-images", decode(annotations, output: output))
      let before = try contents(of: output)
      let cut = try half(annotations, as: "half.json")
      try expectRefusal("decode-images", decode(cut, output: output), naming: [cut])
      #expect(try contents(of: output) == before)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "\(SmallDisk.skipReason)"))
    func aFullDisk() throws {
      let disk = try SmallDisk(bytes: 1 << 20)
      try expectRefusal("decode-images", decode(annotations, output: disk.path + "/images.h5"), naming: [disk.path])
      #expect(!FileSystem.isFile(disk.path + "/images.h5"))
      let tiny = try SmallDisk(bytes: 64 << 10)
      try expectRefusal(
        "extract-features",
        ["--images-cache", fixture.images, "--weights", fixture.weights, "--output", tiny.path + "/features.h5"],
        naming: [tiny.path])
      #expect(!FileSystem.isFile(tiny.path + "/features.h5"))
      try expectRefusal(
        "train-captioner",
        [
          "--captions", fixture.captions, "--features", fixture.features, "--hidden", "32", "--word-vector", "16",
          "--batch", "16", "--epochs", "1", "--output", tiny.path + "/captioner",
        ], naming: [tiny.path])
    }
  }
}
