import Files
import Processes
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Disks, descriptors and second writers that misbehave, seen from outside.
extension BuiltStages {
  @Suite struct StorageTests {
    static let strace = ["/usr/bin/strace", "/bin/strace"].first { FileSystem.isFile($0) }
    static let straceReason = "needs strace and the right to trace"
    static let canTrace: Bool = {
      guard let strace else { return false }
      return (try? StageProcess.run(strace, ["-o", "/dev/null", "/bin/true"]))?.code == 0
    }()

    private func tokenize(_ output: String) throws -> [String] {
      try Fixture.get().splits + ["--output", output, "--quiet"]
    }

    /// Runs a stage in which the `number`-th call of `call` fails.
    private func run(_ arguments: [String], failing call: String, _ error: String, at number: Int) throws
      -> StageProcess
    {
      try StageProcess.run(
        try #require(Self.strace),
        [
          "-f", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(call):error=\(error):when=\(number)",
          ChildProcess.ownFolder + "/tokenize-captions",
        ] + arguments)
    }

    /// Each write and each synchronisation in turn fails: one line, exit code 1, and the next run's file is the undisturbed one.
    @Test(
      .enabled(if: canTrace, Comment(rawValue: straceReason)),
      arguments: [
        ("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("fsync", "EIO"), ("ftruncate", "EIO"), ("rename", "EIO"),
      ])
    func everyFailingCallIsTold(call: String, error: String) throws {
      let folder = try TemporaryFolder()
      let (undisturbed, output) = (folder.path + "/undisturbed.h5", folder.path + "/captions.h5")
      try succeed("tokenize-captions", tokenize(undisturbed))
      var failures = 0
      for number in 1... {
        for name in try FileSystem.list(folder.path) where name.hasPrefix("captions.h5") {
          try FileSystem.remove(folder.path + "/" + name)
        }
        let failed = try run(tokenize(output), failing: call, error, at: number)
        if failed.code == 0 { break }
        failures += 1
        #expect(failed.code == 1 && failed.errorLines.count == 1, "\(call) \(number): \(failed.errors)")
        if call == "fsync" && FileSystem.isFile(output + ".journal") {
          #expect(FileSystem.isFile(output + ".partial"), "a journal without its file")
        }
        if FileSystem.isFile(output) {
          #expect(try contents(of: output) == contents(of: undisturbed), "\(call) \(number)")
        }
        try succeed("tokenize-captions", tokenize(output) + ["--force"])
        #expect(try contents(of: output) == contents(of: undisturbed), "after \(call) \(number)")
      }
      #expect(failures >= 2, "\(call) was disturbed \(failures) times")
    }

    /// Whatever could not be synced is thrown away, with what says that it is there.
    @Test(.enabled(if: canTrace, Comment(rawValue: straceReason))) func whatCouldNotBeSyncedIsThrownAway() throws {
      let folder = try TemporaryFolder()
      let output = folder.path + "/captions.h5"
      // The journal, its folder, then the cache itself.
      let failed = try run(tokenize(output), failing: "fsync", "EIO", at: 3)
      #expect(failed.code == 1 && failed.errors.contains("thrown away"), "\(failed.errors)")
      #expect(try FileSystem.list(folder.path) == [])
    }

    /// Nothing of ours becomes a standard stream, and what can't be printed is an error.
    @Test(arguments: ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"]) func closedStreamsStayClosed(streams: String) throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let output = folder.path + "/images.h5"
      let stage = ChildProcess.ownFolder + "/decode-images"
      let words = [stage] + fixture.splits + ["--images", fixture.scenes + "/images", "--output", output]
      let ended = try StageProcess.run(
        "/bin/sh", ["-c", words.map { "'\($0)'" }.joined(separator: " ") + " " + streams])
      #expect(ended.code == (streams.contains("1>") ? 1 : 0), "\(ended.errors)")
      #expect(try contents(of: output) == contents(of: fixture.images))
    }

    @Test func anInputThatIsCutWhileItIsReadIsNamed() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let images = try manyImages(600, in: folder, fixture)
      let output = folder.path + "/features.h5"
      let ended = try StageProcess.run(
        "extract-features",
        ["--images-cache", images, "--weights", fixture.weights, "--output", output, "--quiet", "--threads", "1"],
        disturbance: .during(file: output + ".journal", bytes: 1) { unsafe _ = truncate(images, 300_000) })
      #expect(ended.code == 1)
      #expect(ended.errors.contains("extract-features: \(images): was cut short while it was read"), "\(ended.errors)")
      #expect(!FileSystem.isFile(output))
    }

    /// Two stages that make one file, the second started at every moment of the first: the file is whole, and whoever could not make
    /// it says why.
    @Test func twoWritersMakeOneWholeFile() throws {
      let folder = try TemporaryFolder()
      let (undisturbed, output) = (folder.path + "/undisturbed.h5", folder.path + "/captions.h5")
      try succeed("tokenize-captions", tokenize(undisturbed))
      let seconds = try succeed("tokenize-captions", tokenize(undisturbed) + ["--force"]).seconds
      let stage = ChildProcess.ownFolder + "/tokenize-captions"
      let command = ([stage] + (try tokenize(output)) + ["--force"]).map { "'\($0)'" }.joined(separator: " ")
      for step in 0..<20 {
        let delay = seconds * Double(step) / 20 * 1.2
        let both = try StageProcess.run(
          "/bin/sh",
          [
            "-c",
            "\(command) & first=$!; sleep \(delay); \(command); second=$?; wait $first; exit $(($? * 16 + second))",
          ])
        #expect(try contents(of: output) == contents(of: undisturbed), "\(delay) s apart")
        #expect([0, 1, 16].contains(both.code), "\(delay) s apart: \(both.errors)")
        if both.code != 0 { #expect(both.errors.contains("another process is making this file"), "\(both.errors)") }
      }
      #expect(!FileSystem.isFile(output + ".partial") && !FileSystem.isFile(output + ".journal"))
    }
  }
}
