import Files
import JSON
import TestSupport
import Testing

/// An output replaces what the same stage made, and nothing else.
extension StageTests {
  @Suite struct OutputTests {
    private let folder: TemporaryFolder
    private let fixture: Fixture

    init() throws {
      fixture = try Fixture.get()
      folder = try TemporaryFolder()
      for name in ["images.h5", "features.h5", "captions.h5", "weights.safetensors"] {
        try FileSystem.replace(path(name), with: bytes(fixture.path + "/" + name))
      }
      try FileSystem.replace(path("c.json"), with: bytes(fixture.scenes + "/captions_train.json"))
      try FileSystem.replace(path("captioner.safetensors"), with: bytes(fixture.checkpoint))
    }

    private func path(_ name: String) -> String { folder.path + "/" + name }

    /// The command is refused with and without `--force`, and the file keeps its bytes.
    private func expectKept(_ name: String, _ stage: String, _ arguments: [String]) throws {
      let before = try bytes(path(name))
      for force in [[], ["--force"]] {
        try expectRefusal(stage, arguments + force, naming: [path(name)])
        #expect(try bytes(path(name)) == before)
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
      try FileSystem.replace(annotations, with: bytes(fixture.scenes + "/captions_val.json"))
      let caption = [
        "--checkpoint", fixture.checkpoint, "--features", fixture.features, "--split", "val", "--results", annotations,
      ]
      let before = try bytes(annotations)
      try expectRefusal("caption-images", caption, naming: [annotations, "is not what caption-images made", "--force"])
      #expect(try bytes(annotations) == before)
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
      let before = try bytes(path("features.h5"))
      try expectRefusal(
        "decode-images", fixture.splits + ["--images", fixture.scenes + "/images", "--output", path("features.h5")],
        naming: [path("features.h5"), "is not what decode-images made"])
      #expect(try bytes(path("features.h5")) == before)
    }

    @Test func linksAreFollowed() throws {
      try #require(symlink(to: path("real.h5"), at: path("link.h5")))
      try succeed(
        "decode-images", fixture.splits + ["--images", fixture.scenes + "/images", "--output", path("link.h5")])
      #expect(try bytes(path("real.h5")) == bytes(fixture.images))
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

  /// Only a file's content makes a skip.
  @Suite struct SkipTests {
    @Test func aNameThatMeansTwoFilesIsRefused() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let photograph = try bytes(fixture.scenes + "/images/000000000001.jpg")
      for name in ["a", "b"] {
        try FileSystem.makeFolder(folder.path + "/photos/" + name)
        try FileSystem.replace("\(folder.path)/photos/\(name)/1.jpg", with: photograph)
      }
      try writeAnnotations([(1, "1.jpg")], to: folder.path + "/captions.json")
      func arguments(_ images: String) -> [String] {
        ["--split", "train=\(folder.path)/captions.json", "--images", images, "--output", folder.path + "/images.h5"]
      }
      try expectRefusal(
        "decode-images", arguments(folder.path + "/photos"), naming: ["1.jpg", "ambiguous", "a/1.jpg", "b/1.jpg"])
      let zip = try ChildProcess.run(
        "/usr/bin/env",
        [
          "python3", "-c", "import shutil,sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])",
          folder.path + "/p", folder.path + "/photos",
        ],
        capturesOutput: true)
      #expect(zip.code == 0)
      try expectRefusal(
        "decode-images", arguments(folder.path + "/p.zip"), naming: ["1.jpg", "ambiguous", "a/1.jpg", "b/1.jpg"])
      let twice = """
        import sys, warnings, zipfile
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(sys.argv[1], "w") as archive:
          for content in ["one", "two"]: archive.writestr("1.jpg", content)
        """
      let path = folder.path + "/twice.zip"
      #expect(try ChildProcess.run("/usr/bin/env", ["python3", "-c", twice, path], capturesOutput: true).code == 0)
      try expectRefusal("decode-images", arguments(path), naming: ["1.jpg", "ambiguous"])
    }

    @Test func anEmptyFolderIsOneLine() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      try FileSystem.makeFolder(folder.path + "/photos")
      try expectRefusal(
        "decode-images",
        fixture.splits + ["--images", folder.path + "/photos", "--output", folder.path + "/images.h5"],
        naming: [folder.path + "/photos", "none of the 64 photographs"])
    }

    /// `--force` throws away what an interrupted run left, skips included.
    @Test func forceForces() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      try succeed(
        "decode-images",
        fixture.splits + ["--images", fixture.scenes + "/images", "--output", folder.path + "/images.h5"])
      let run = try succeed(
        "decode-images",
        fixture.splits + [
          "--images", fixture.scenes + "/images", "--output", folder.path + "/images.h5", "--force", "--json",
        ])
      let report = try JSONValue(parsing: run.output)
      #expect(report["status"]?.string == "made")
      #expect(report["result"]?["resumed"]?.integer == 0)
    }
  }

  /// `--json` has one shape.
  @Suite struct ReportTests {
    private func report(_ stage: String, _ arguments: [String], code: Int32) throws -> JSONValue {
      let run = try StageProcess.run(stage, arguments + ["--json"])
      #expect(run.code == code, "\(run.errors)")
      let report = try JSONValue(parsing: run.output)
      for key in ["stage", "status", "reason", "outputs", "result"] {
        #expect(report[key] != nil, "\(stage): no \(key)")
      }
      #expect(report["stage"]?.string == stage)
      return report
    }

    @Test func workDoneAndNothingToDoLookAlike() throws {
      let fixture = try Fixture.get()
      for (stage, arguments) in fixture.stages {
        let nothing = try report(stage, arguments, code: 0)
        #expect(nothing["status"]?.string == "up to date")
        #expect(nothing["result"]?.members?.isEmpty == false, "\(stage)")
        let planned = try report(stage, arguments + ["--dry-run"], code: 0)
        #expect(planned["status"]?.string == "up to date")
      }
    }

    @Test func errorsHaveTheSameShape() throws {
      let failed = try report(
        "extract-features", ["--images-cache", "/nowhere/images.h5", "--output", "/tmp/none.h5"], code: 1)
      #expect(failed["status"]?.string == "failed")
      #expect(failed["error"]?["file"]?.string == "/nowhere/images.h5")
      #expect(failed["error"]?["remedy"]?.string?.isEmpty == false)
      let wrong = try report("train-captioner", ["--hidden", "abc"], code: 64)
      #expect(wrong["error"]?["problem"]?.string?.contains("hidden") == true)
    }
  }
}
