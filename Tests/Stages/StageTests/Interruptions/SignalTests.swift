import Files
import JSON
import Processes
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// What ends a stage besides its own work: several signals, limits, and readers that go away.
extension BuiltStages {
  @Suite struct SignalTests {
    private let fixture: Fixture
    private let folder: TemporaryFolder

    init() throws {
      fixture = try Fixture.get()
      folder = try TemporaryFolder()
    }

    private var scenes: String { folder.path + "/scenes" }
    private var firstScene: String { scenes + "/images/000000000001.jpg" }
    private func draw(_ count: Int) -> [String] {
      ["--train", "\(count)", "--validation", "1", "--threads", "1", "--output", scenes]
    }

    /// `script` with the executable `name` as `$0` and `arguments` as `$@`.
    private func shell(
      _ script: String, _ name: String, _ arguments: [String], disturbance: StageProcess.Disturbance = .none
    ) throws -> StageProcess {
      try StageProcess.run(
        "/bin/sh", ["-c", script, ChildProcess.ownFolder + "/" + name] + arguments, disturbance: disturbance)
    }

    /// timeout(1) and terminals send several at once; that is no second thought.
    @Test func signalsThatComeTogetherAreOne() throws {
      let run = try StageProcess.run(
        "generate-scenes", draw(5000),
        disturbance: .signalsOnce(file: firstScene, signals: [SIGTERM, SIGCONT, SIGTERM, SIGHUP]))
      #expect([128 + SIGTERM, 128 + SIGHUP].contains(run.code))
      #expect(run.errors.contains("the same command goes on from here"))
    }

    @Test func aSecondSignalEndsAtOnce() throws {
      // A stage that can't finish its unit: nobody reads what it prints.
      let results = (Fixture.trainCount..<Fixture.trainCount + Fixture.validationCount).map { scene -> JSONValue in
        ["image_id": .integer(scene + 1), "caption": .string(String(repeating: "red ", count: 5000))]
      }
      try FileSystem.replace(folder.path + "/results.json", with: JSONValue.array(results).compact)
      let script = """
        cd \(folder.path); mkfifo out; sleep 60 <out & reader=$!
        "$0" "$@" >out & stage=$!
        sleep 0.3; kill -TERM $stage; sleep 0.1; kill -TERM $stage; sleep 1.2
        kill -0 $stage && echo alive
        kill -HUP $stage; wait $stage; echo $?; kill $reader
        """
      let run = try shell(script, "score-captions", ["--results", "results.json", "--scenes", fixture.scenes])
      #expect(run.output == "alive\n129\n")
    }

    @Test func anIgnoredHangUpStaysIgnored() throws {
      let run = try shell(
        "trap '' HUP; exec \"$0\" \"$@\"", "generate-scenes", draw(200),
        disturbance: .signalOnce(file: firstScene, bytes: 0, signal: SIGHUP))
      #expect(run.code == 0, "\(run.errors)")
    }

    /// In blocks of 512 bytes. Bash counts 1024, so the limit is between.
    @Test(arguments: [
      ("generate-scenes", 4), ("decode-images", 64), ("extract-features", 64), ("train-captioner", 64),
    ])
    func aFileSizeLimitIsLikeAFullDisk(stage: String, blocks: Int) throws {
      let output = folder.path + "/output"
      let arguments: [String] =
        switch stage {
        case "generate-scenes": draw(3)
        case "decode-images": fixture.splits + ["--images", fixture.scenes + "/images", "--output", output]
        case "extract-features": ["--images-cache", fixture.images, "--weights", fixture.weights, "--output", output]
        default: Array(fixture.trainArguments.dropLast()) + [output]
        }
      let run = try shell("ulimit -f \(blocks); exec \"$0\" \"$@\"", stage, arguments)
      #expect(run.code == 1)
      #expect(run.errorLines.count == 1, "\(run.errors)")
      #expect(run.errors.contains("File too large"), "\(run.errors)")
      #expect(!FileSystem.isFile(output))
    }

    /// `train-captioner 2>&1 | head -1` must not cost a training of days.
    @Test func aClosedPipeOnStandardErrorIsNobodysConcern() throws {
      let output = folder.path + "/captioner"
      let run = try shell(
        "{ \"$0\" \"$@\" 2>&1 >/dev/null; echo $? >\(folder.path)/code; } | true", "train-captioner",
        fixture.trainArguments.dropLast() + [output])
      #expect(run.code == 0)
      #expect(try FileSystem.readText(folder.path + "/code") == "0\n")
      #expect(FileSystem.isFile(output + "/captioner.safetensors"))
    }
  }
}
