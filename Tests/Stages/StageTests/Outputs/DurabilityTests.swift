import Files
import Processes
import TestSupport
import Testing

/// A name is given only to what is on the disk, and the name itself is brought there: a power cut costs nothing that was published.
extension BuiltStages {
  @Suite struct DurabilityTests {
    /// The calls of a stage that concern names and the disk, in their order: `fsync(3</a/file>) = 0`.
    private func calls(_ stage: String, _ arguments: [String], in folder: TemporaryFolder) throws -> [Substring] {
      let log = folder.path + "/calls"
      let run = try StageProcess.run(
        try #require(StorageTests.strace),
        [
          "-f", "-y", "-o", log, "-e", "trace=fsync,fdatasync,syncfs,rename,renameat,renameat2", "-e", "signal=none",
          ChildProcess.ownFolder + "/" + stage,
        ] + arguments)
      try #require(run.code == 0, "\(stage): \(run.errors)")
      let lines = try FileSystem.readText(log).split(separator: "\n")
      return lines.map { line in line.drop { $0 != " " }.drop { $0 == " " } }.filter { $0.hasSuffix("= 0") }
    }

    @Test(.enabled(if: StorageTests.canTrace, Comment(rawValue: StorageTests.straceReason)), arguments: 0..<5)
    func namesComeAfterContentsAndFoldersAfterNames(number: Int) throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let output = folder.path + "/made/output.h5"
      var (stage, arguments) = fixture.stages[number]
      arguments[try #require(arguments.lastIndex(of: "--output")) + 1] = output
      arguments += ["--threads", "1"]
      let calls = try calls(stage, arguments, in: folder)
      var names = 0
      for (place, call) in calls.enumerated() where call.hasPrefix("rename") {
        let words = call.split(separator: "\"").filter { $0.contains("/") }.map(String.init)
        try #require(words.count == 2, "\(call)")
        let (before, after) = (calls[..<place], calls[(place + 1)...])
        let isSynced = before.contains { $0.hasPrefix("fsync") && $0.contains("<\(words[0])>") }
        // Of many photographs all are brought to the disk at once, before the captions that name them.
        let isSyncedTogether = after.prefix { !$0.contains(".json") }.contains { $0.hasPrefix("syncfs") }
        #expect(isSynced || isSyncedTogether, "\(stage): \(words[1]) is named before its content is on the disk")
        let parent = FileSystem.folder(of: words[1])
        #expect(
          isSyncedTogether || after.contains { $0.hasPrefix("fsync") && $0.contains("<\(parent)>") },
          "\(stage): the name \(words[1]) is not brought to the disk")
        names += 1
      }
      #expect(names >= 2, "\(stage): the output and its stamp")
    }
  }
}
