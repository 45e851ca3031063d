import Files
import JSON
import Processes
import TestSupport
import Testing

/// Only a file's content makes a skip.
extension BuiltStages {
  @Suite struct SkipTests {
    @Test func aNameThatMeansTwoFilesIsRefused() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let photograph = try contents(of: fixture.scenes + "/images/000000000001.jpg")
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
}
