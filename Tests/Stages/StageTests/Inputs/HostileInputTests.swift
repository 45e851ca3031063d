import Files
import JSON
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Inputs made to crash, to hang or to cost memory: a line and an exit code, in the memory of an ordinary run.
extension BuiltStages {
  @Suite struct HostileInputTests {
    private let fixture: Fixture
    private let folder: TemporaryFolder
    private var path: String { folder.path }
    /// An ordinary run takes 25 to 60 MB.
    static let memory = 150_000_000

    init() throws {
      fixture = try Fixture.get()
      folder = try TemporaryFolder()
    }

    private func caption(_ inputs: [String]) throws -> StageProcess {
      try StageProcess.run(
        "caption-images", ["--checkpoint", fixture.checkpoint, "--weights", fixture.weights] + inputs)
    }

    /// A folder with one sound photograph and `1.jpg`, which `make` puts there.
    private func photographs(_ make: (String) -> Void) throws -> String {
      let photographs = path + "/photographs"
      try FileSystem.makeFolder(photographs)
      let sound = FileSystem.join(fixture.scenes, "images/" + repeatedScenes(1)[0].file)
      try FileSystem.replace(photographs + "/2.jpg", with: try contents(of: sound))
      make(photographs + "/1.jpg")
      try writeAnnotations([(1, "1.jpg"), (2, "2.jpg")], to: path + "/captions.json")
      return photographs
    }

    private func decode(_ photographs: String) throws -> StageProcess {
      try StageProcess.run(
        "decode-images",
        [
          "--split", "train=\(path)/captions.json", "--images", photographs, "--output", path + "/images.h5",
          "--max-failures", "1",
        ])
    }

    @Test func aNamedPipeIsNotWaitedFor() throws {
      let photographs = try photographs { unsafe _ = mkfifo($0, 0o600) }
      let run = try caption([photographs])
      #expect(run.code == 2 && run.errors.contains("1.jpg: is a"), "\(run.errors)")
      #expect(try caption([photographs + "/1.jpg"]).code == 1)
      #expect(try decode(photographs).code == 0)
    }

    @Test func aSparseFileOfThreeGigabytes() throws {
      let photographs = try photographs {
        try? FileSystem.replace($0, with: "")
        unsafe _ = truncate($0, 3 << 30)
      }
      for run in [try caption([photographs]), try decode(photographs)] {
        #expect((run.errors + run.output).contains("3221225472 bytes, more than the"), "\(run.errors)")
        #expect(run.peakMemory < Self.memory)
      }
    }

    @Test func standardInputIsNoPhotograph() throws {
      let run = try caption(["/dev/stdin"])
      #expect(run.code == 1 && run.errors.contains("/dev/stdin: is not a regular file"), "\(run.errors)")
    }

    @Test func karpathyWithoutImages() throws {
      let file = path + "/dataset.json"
      try FileSystem.replace(file, with: #"{"images": []}"#)
      try expectRefusal(
        "tokenize-captions", ["--karpathy", file, "--output", path + "/captions.h5"], naming: [file, "has no images"])
      try expectRefusal(
        "decode-images", ["--karpathy", file, "--images", path, "--output", path + "/images.h5"],
        naming: [file, "has no images"])
    }

    @Test func compressedAnnotationsAndVocabularies() throws {
      let file = path + "/captions.json.gz"
      try FileSystem.replace(file, with: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0])
      let remedy = "gunzip -c \(file) > \(path)/captions.json"
      try expectRefusal(
        "tokenize-captions", ["--split", "train=\(file)", "--output", path + "/captions.h5"], naming: [remedy])
      try expectRefusal(
        "tokenize-captions",
        [
          "--split", "train=\(fixture.scenes)/captions_train.json", "--vocabulary", file, "--output",
          path + "/captions.h5",
        ], naming: [remedy])
    }
  }
}
