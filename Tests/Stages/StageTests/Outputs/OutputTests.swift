import Files
import TestSupport
import Testing

/// An output replaces what the same stage made, and nothing else.
extension BuiltStages {
  @Suite struct OutputTests {
    private let folder: TemporaryFolder
    private let fixture: Fixture

    init() throws {
      fixture = try Fixture.get()
      folder = try TemporaryFolder()
      for name in ["images.h5", "features.h5", "captions.h5", "weights.safetensors"] {
        try FileSystem.replace(path(name), with: contents(of: fixture.path + "/" + name))
      }
      try FileSystem.replace(path("c.json"), with: contents(of: fixture.scenes + "/captions_train.json"))
      try FileSystem.replace(path("captioner.safetensors"), with: contents(of: fixture.checkpoint))
    }

    private func path(_ name: String) -> String { folder.path + "/" + name }

    /// The command is refused with and without `--force`, and the file keeps its bytes.
    private func expectKept(_ name: String, _ stage: String, _ arguments: [String]) throws {
      let before = try contents(of: path(name))
      for force in [[], ["--force"]] {
        try expectRefusal(stage, arguments + force, naming: [path(name)])
        #expect(try contents(of: path(name)) == before)
      }
    }

    @Test func anInputIsNeverReplaced() throws {
      try expectKept(
        "c.json", "decode-images",
        ["--split", "train=\(path("c.json"))", "--images", fixture.scenes + "/images", "--output", path("c.json")])
      try expectKept(
        "c.json", "tokenize-captions", ["--split", "train=\(path("c.json"))", "--output", path("c.json")])
      try expectKept(
        "images.h5", "extract-features",
        ["--images-cache", path("images.h5"), "--weights", fixture.weights, "--output", path("images.h5")])
      try expectKept(
        "weights.safetensors", "extract-features",
        [
          "--images-cache", fixture.images, "--weights", path("weights.safetensors"), "--output",
          path("weights.safetensors"),
        ])
      try expectKept(
        "captioner.safetensors", "caption-images",
        [
          "--checkpoint", path("captioner.safetensors"), "--features", fixture.features, "--results",
          path("captioner.safetensors"),
        ])
    }

    @Test func somebodyElsesFileNeedsForce() throws {
      let annotations = path("val.json")
      try FileSystem.replace(annotations, with: contents(of: fixture.scenes + "/captions_val.json"))
      let caption = [
        "--checkpoint", fixture.checkpoint, "--features", fixture.features, "--split", "val", "--results", annotations,
      ]
      let before = try contents(of: annotations)
      try expectRefusal("caption-images", caption, naming: [annotations, "is not what caption-images made", "--force"])
      #expect(try contents(of: annotations) == before)
      try succeed("caption-images", caption + ["--force"])
      // Now it is the stage's own.
      try succeed("caption-images", caption + ["--maximum-words", "3"])
      // Edited by somebody, it is not any more.
      try FileSystem.replace(annotations, with: "mine again")
      try expectRefusal("caption-images", caption, naming: [annotations])
    }

    @Test func aRefusedRunClaimsNothing() throws {
      let results = path("mine.json")
      try FileSystem.replace(path("bad.safetensors"), with: "no checkpoint")
      try expectRefusal(
        "caption-images",
        ["--checkpoint", path("bad.safetensors"), "--features", fixture.features, "--results", results],
        naming: ["bad.safetensors"])
      #expect(!FileSystem.isFile(results + ".stamp.json"))
      try FileSystem.replace(results, with: "mine")
      try expectRefusal(
        "caption-images", ["--checkpoint", fixture.checkpoint, "--features", fixture.features, "--results", results],
        naming: [results, "is not what caption-images made"])
    }

    @Test func somebodyElsesLogIsKept() throws {
      try FileSystem.makeFolder(path("run"))
      try FileSystem.replace(path("run/log.csv"), with: "date,weight\n")
      let train = [
        "--captions", fixture.captions, "--features", fixture.features, "--hidden", "8", "--epochs", "1", "--output",
        path("run"),
      ]
      try expectRefusal("train-captioner", train, naming: ["log.csv", "--force"])
      #expect(try FileSystem.readText(path("run/log.csv")) == "date,weight\n")
    }

    @Test func aCacheOfAnotherStageIsKept() throws {
      let before = try contents(of: path("features.h5"))
      try expectRefusal(
        "decode-images", fixture.splits + ["--images", fixture.scenes + "/images", "--output", path("features.h5")],
        naming: [path("features.h5"), "is not what decode-images made"])
      #expect(try contents(of: path("features.h5")) == before)
    }

    @Test func linksAreFollowed() throws {
      try #require(symlink(to: path("real.h5"), at: path("link.h5")))
      try succeed(
        "decode-images", fixture.splits + ["--images", fixture.scenes + "/images", "--output", path("link.h5")])
      #expect(try contents(of: path("real.h5")) == contents(of: fixture.images))
      #expect(try FileSystem.resolve(path("link.h5")) == path("real.h5"))
    }

    @Test func foldersAndDevicesAreRefused() throws {
      try FileSystem.makeFolder(path("folder.h5"))
      for (name, kind) in [(path("folder.h5"), "folder"), ("/dev/full", "device")] {
        try expectRefusal(
          "decode-images", fixture.splits + ["--images", fixture.scenes + "/images", "--output", name, "--force"],
          naming: [name, kind])
      }
    }
  }
}
