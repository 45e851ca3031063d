import Files
import JSON
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// What train-captioner does with a folder that holds a run, or in which another one is at work.
extension BuiltStages {
  @Suite struct TrainingFolderTests {
    private let fixture: Fixture
    private let folder: TemporaryFolder
    private var output: String { folder.path + "/captioner" }

    init() throws {
      fixture = try Fixture.get()
      folder = try TemporaryFolder()
    }

    private func arguments(_ options: [String] = [], epochs: Int = 6, output: String? = nil) -> [String] {
      [
        "--captions", fixture.captions, "--features", fixture.features, "--hidden", "32", "--word-vector", "16",
        "--batch", "16", "--epochs", "\(epochs)", "--threads", "1", "--output", output ?? self.output,
      ] + options
    }

    private func files(_ folder: String) throws -> [String: [UInt8]] {
      let names = try FileSystem.list(folder).filter { !$0.hasSuffix(".stamp.json") }
      return Dictionary(uniqueKeysWithValues: try names.map { ($0, try contents(of: folder + "/" + $0)) })
    }

    @Test func whatIsFinishedIsNotThrownAway() throws {
      try succeed("train-captioner", arguments())
      let before = try files(output)
      for (options, epochs, words) in [
        ([], 3, ["6 finished epochs", "--epochs is 3"]), (["--learning-rate", "0.01"], 6, ["--learning-rate"]),
        (["--quiet", "--seed", "2"], 9, ["--seed"]),
      ] {
        try expectRefusal(
          "train-captioner", arguments(options, epochs: epochs), naming: words + [output, "--force", "--output"])
        #expect(try files(output) == before)
      }
      #expect(try succeed("train-captioner", arguments()).output.contains("up to date"))
      #expect(try files(output) == before)
      try succeed("train-captioner", arguments(epochs: 3, output: folder.path + "/three"))
      try succeed("train-captioner", arguments(["--force"], epochs: 3))
      #expect(try files(output) == files(folder.path + "/three"))
    }

    /// Stopped within an epoch after some that are whole, at whichever comes.
    @Test func anInterruptedEpochIsNeverPublished() throws {
      let slow = ["--hidden", "256", "--batch", "2"]
      let stopped = try StageProcess.run(
        "train-captioner", arguments(slow, epochs: 200),
        disturbance: .signalOnce(file: output + "/loss.svg", bytes: 1, signal: SIGINT))
      #expect(stopped.code == 130)
      let log = try FileSystem.readText(output + "/log.csv").split(separator: "\n")
      let done = log.count - 1
      try #require(done >= 1 && done < 200)
      try succeed("train-captioner", arguments(slow, epochs: done))
      try succeed("train-captioner", arguments(slow, epochs: done, output: folder.path + "/whole"))
      for file in ["captioner.safetensors", "log.csv", "loss.svg"] {
        #expect(
          try contents(of: "\(output)/\(file)") == contents(of: "\(folder.path)/whole/\(file)"),
          "\(file) after \(done) epochs")
      }
      for folder in [output, folder.path + "/whole"] {
        try succeed("train-captioner", arguments(slow, epochs: done + 1, output: folder))
      }
      #expect(try files(output) == files(folder.path + "/whole"))
    }

    @Test func aFolderInWhichAnotherProcessTrains() throws {
      try succeed("train-captioner", arguments())
      let before = try files(output)
      let lock = try FolderLock(folder: output)
      try expectRefusal("train-captioner", arguments(epochs: 7), naming: [lock.folder, "another process"])
      #expect(try files(output) == before)
    }

    /// At any moment of the first one: the second waits a moment and finds nothing to do, or says that another one is at work.
    /// `CAPTIONEER_OFFSETS` asks for more than the usual few.
    @Test func twoTrainersInOneFolder() async throws {
      let count = environmentVariable("CAPTIONEER_OFFSETS").flatMap { Int($0) } ?? 6
      let options = ["--hidden", "128"]
      let whole = folder.path + "/whole"
      let seconds = try succeed("train-captioner", arguments(options, output: whole)).seconds
      let expected = try files(whole)
      for offset in 0..<count {
        let output = "\(folder.path)/\(offset)"
        let arguments = arguments(options, output: output)
        async let first = StageProcess.run("train-captioner", arguments)
        usleep(UInt32(seconds * 1.1e6 * Double(offset) / Double(count)))
        let runs = [try StageProcess.run("train-captioner", arguments), try await first]
        for run in runs where run.code != 0 {
          #expect(run.code == 1 && run.errorLines.contains { $0.contains("another process") }, "\(run.errors)")
        }
        #expect(runs.contains { $0.code == 0 }, "\(runs.map(\.errors))")
        #expect(try files(output) == expected, "at offset \(offset)")
      }
    }

    @Test func modelsThatFitNoMachine() throws {
      try expectRefusal(
        "train-captioner", arguments(["--hidden", "1048576"]), naming: ["--hidden 1048576", "of memory"])
      #expect(!FileSystem.isFile(output + "/captioner.safetensors"))
      try succeed("train-captioner", arguments(["--batch", "1048576"], epochs: 1))
    }

    @Test func theFolderStandsForItsCheckpoint() throws {
      let options = ["--features", fixture.features, "--split", "val"]
      let file = try succeed("caption-images", ["--checkpoint", fixture.checkpoint] + options).output
      #expect(try succeed("caption-images", ["--checkpoint", fixture.captioner] + options).output == file)
      try expectRefusal(
        "caption-images", ["--checkpoint", folder.path] + options, naming: [folder.path + "/captioner.safetensors"])
    }
  }
}
