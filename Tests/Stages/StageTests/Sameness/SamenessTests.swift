import Files
import Processes
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Sameness is what was read: not where it lay, when it was touched, or what lay beside it.
extension BuiltStages {
  @Suite struct SamenessTests {
    private let folder: TemporaryFolder
    private var photographs: String { folder.path + "/photos" }
    private var output: String { folder.path + "/images.h5" }
    private var annotations: String { folder.path + "/captions.json" }

    init() throws {
      let fixture = try Fixture.get()
      folder = try TemporaryFolder()
      try copy(fixture.scenes + "/images", to: folder.path + "/photos")
      try writeAnnotations(repeatedScenes(12), to: folder.path + "/captions.json")
      try succeed("decode-images", arguments())
    }

    private func arguments(images: String? = nil, annotations: String? = nil) -> [String] {
      [
        "--split", "train=\(annotations ?? self.annotations)", "--images", images ?? photographs, "--output", output,
      ]
    }

    private func copy(_ source: String, to target: String) throws {
      #expect(try ChildProcess.run("/bin/cp", ["-a", source, target], capturesOutput: true).code == 0)
    }

    private func isCurrent(_ arguments: [String]) throws -> Bool {
      let run = try succeed("decode-images", arguments)
      return run.output.contains("up to date")
    }

    @Test func otherWaysToNameTheSameFolderAreTheSame() throws {
      #expect(try isCurrent(arguments(images: photographs + "/")))
      #expect(try isCurrent(arguments(images: folder.path + "/./photos")))
      try copy(photographs, to: folder.path + "/elsewhere")
      #expect(try isCurrent(arguments(images: folder.path + "/elsewhere")))
      try copy(annotations, to: folder.path + "/other.json")
      #expect(try isCurrent(arguments(annotations: folder.path + "/other.json")))
    }

    @Test func aTouchAndAStrayFileAreNoChange() throws {
      #expect(
        try ChildProcess.run("/bin/sh", ["-c", "touch \(photographs)/*.jpg \(annotations)"], capturesOutput: true).code
          == 0)
      try FileSystem.replace(photographs + "/notes.txt", with: "nobody asked for this")
      #expect(try isCurrent(arguments()))
    }

    /// Not even what it had to read again is written down.
    @Test func aDryRunWritesNothing() throws {
      let stamp = try contents(of: output + ".stamp.json")
      #expect(try ChildProcess.run("/bin/sh", ["-c", "touch \(annotations)"], capturesOutput: true).code == 0)
      #expect(try succeed("decode-images", arguments() + ["--dry-run"]).output.contains("up to date"))
      #expect(try contents(of: output + ".stamp.json") == stamp)
      #expect(try isCurrent(arguments()))
      #expect(try contents(of: output + ".stamp.json") != stamp)
    }

    @Test func aCopiedCacheIsAsGood() throws {
      let copied = folder.path + "/copied.h5"
      try copy(output, to: copied)
      let run = try succeed(
        "decode-images", ["--split", "train=\(annotations)", "--images", photographs, "--output", copied])
      #expect(run.output.contains("up to date"))
      #expect(FileSystem.isFile(copied + ".stamp.json"))
    }

    @Test func aTurnedBitInADrawnSceneIsNoticed() throws {
      let scenes = folder.path + "/scenes"
      let draw = ["--train", "3", "--validation", "1", "--output", scenes]
      try succeed("generate-scenes", draw)
      #expect(try succeed("generate-scenes", draw).output.contains("up to date"))
      var photograph = try contents(of: scenes + "/images/000000000002.jpg")
      photograph[photograph.count / 2] ^= 1
      try FileSystem.replace(scenes + "/images/000000000002.jpg", with: photograph)
      #expect(
        try succeed("generate-scenes", draw + ["--dry-run"]).output.contains("000000000002.jpg is not as it was drawn"))
      try expectRefusal("generate-scenes", draw, naming: ["000000000002.jpg", "--force"])
      try succeed("generate-scenes", draw + ["--force"])
      #expect(try succeed("generate-scenes", draw).output.contains("up to date"))
    }

    @Test func otherSplitsAreNoticed() throws {
      let fixture = try Fixture.get()
      let (one, two) = (fixture.scenes + "/captions_train.json", fixture.scenes + "/captions_val.json")
      let captions = folder.path + "/captions.h5"
      func tokenize(_ splits: [String]) throws -> StageProcess {
        try succeed("tokenize-captions", splits.flatMap { ["--split", $0] } + ["--output", captions])
      }
      _ = try tokenize(["a=\(one)", "b=\(two)"])
      let before = try contents(of: captions)
      #expect(try tokenize(["a=\(one)", "b=\(two)"]).output.contains("up to date"))
      // The first split makes the vocabulary.
      #expect(try !tokenize(["b=\(two)", "a=\(one)"]).output.contains("up to date"))
      #expect(try contents(of: captions) != before)
      #expect(try !tokenize(["b=\(two)"]).output.contains("up to date"))
    }

    /// A cache may be touched while it is read: each row that is read is checked.
    @Test func aTouchDuringTrainingIsNoChange() throws {
      let fixture = try Fixture.get()
      let features = folder.path + "/features.h5"
      try FileSystem.replace(features, with: contents(of: fixture.features))
      let run = try StageProcess.run(
        "train-captioner",
        [
          "--captions", fixture.captions, "--features", features, "--hidden", "64", "--batch", "8", "--epochs", "20",
          "--output", folder.path + "/captioner",
        ],
        disturbance: .during(file: folder.path + "/captioner/loss.svg", bytes: 1) {
          _ = try? ChildProcess.run("/bin/chmod", ["600", features], capturesOutput: true)
        })
      #expect(run.code == 0, "\(run.errors)")
    }

    /// Its rows are read again, once.
    @Test func aTurnedBitInARowOfItsOwnOutputIsNoticed() throws {
      let whole = try contents(of: output)
      var damaged = whole
      damaged[whole.count / 2] ^= 1
      try FileSystem.replace(output, with: damaged)
      let run = try succeed("decode-images", arguments())
      #expect(!run.output.contains("up to date"))
      #expect(run.errors.contains("does not match its checksum"))
      #expect(try contents(of: output) == whole)
    }

    @Test func aRaisedLimitIsNoChange() throws {
      #expect(try isCurrent(arguments() + ["--max-failures", "50"]))
    }

    @Test func anotherPhotographIsAChange() throws {
      let before = try contents(of: output)
      try copy(photographs + "/000000000020.jpg", to: photographs + "/000000000003.jpg")
      let run = try succeed("decode-images", arguments() + ["--dry-run"])
      #expect(run.output.contains("the photographs changed"))
      #expect(try !isCurrent(arguments()))
      #expect(try contents(of: output) != before)
    }

    /// What `file_name` reaches outside the folder, or deep below it, is watched like all the others.
    @Test func photographsFarAwayAreWatched() throws {
      try FileSystem.makeFolder(photographs + "/a/b")
      try copy(photographs + "/000000000001.jpg", to: photographs + "/a/b/x.jpg")
      try copy(photographs + "/000000000002.jpg", to: folder.path + "/y.jpg")
      let far = folder.path + "/far.json"
      try writeAnnotations([(1, "a/b/x.jpg"), (2, "../y.jpg")], to: far)
      try succeed("decode-images", arguments(annotations: far))
      #expect(try isCurrent(arguments(annotations: far)))
      for place in [photographs + "/a/b/x.jpg", folder.path + "/y.jpg"] {
        try copy(photographs + "/000000000009.jpg", to: place)
        #expect(try !isCurrent(arguments(annotations: far)))
      }
    }

    /// Featured caches are compared by their fingerprints: moving them and touching them changes nothing.
    @Test func aTouchedCacheIsNoChangeForThoseThatReadIt() throws {
      let fixture = try Fixture.get()
      let features = folder.path + "/features.h5"
      let extract = ["--images-cache", output, "--weights", fixture.weights, "--output", features]
      try succeed("extract-features", extract)
      #expect(try ChildProcess.run("/bin/sh", ["-c", "touch \(output)"], capturesOutput: true).code == 0)
      #expect(try succeed("extract-features", extract).output.contains("up to date"))
      try FileSystem.remove(features + ".stamp.json")
      #expect(try succeed("extract-features", extract).output.contains("up to date"))
      #expect(try !succeed("extract-features", extract + ["--grid"]).output.contains("up to date"))
    }
  }
}
