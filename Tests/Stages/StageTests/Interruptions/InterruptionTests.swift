import Files
import Random
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// `kill -9` and Ctrl-C at any moment: the next run finishes, and the file is that of an undisturbed run.
extension BuiltStages {
  @Suite struct InterruptionTests {
    /// `CAPTIONEER_KILLS` asks for more than the usual few.
    static let kills = environmentVariable("CAPTIONEER_KILLS").flatMap { Int($0) } ?? 4
    static let rows = 1500

    /// Kills `stage` at moments spread over an undisturbed run's time, each on top of what the kills before it left.
    private func disturb(_ stage: String, _ arguments: [String], output: String) throws {
      var random = SplitMix64(seed: 20)
      try succeed(stage, arguments)
      let undisturbed = try contents(of: output)
      try FileSystem.remove(output)
      let seconds = try succeed(stage, arguments).seconds

      var interrupted = 0
      for kill in 0..<Self.kills {
        for threads in ["1", "2"] {
          try FileSystem.remove(output)
          let moment = (Double(kill) + random.uniform()) / Double(Self.kills) * seconds
          let killed = try StageProcess.run(
            stage, arguments + ["--threads", threads], disturbance: .signalAfter(moment, signal: SIGKILL))
          if killed.code == 128 + SIGKILL {
            interrupted += 1
          } else {
            #expect(killed.code == 0)
          }
          try succeed(stage, arguments + ["--threads", threads])
          #expect(try contents(of: output) == undisturbed, "\(stage) killed after \(moment) s on \(threads) threads")
        }
      }
      #expect(interrupted > 0, "no run was killed before its end")
    }

    @Test func killedDecodingGoesOn() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      try writeAnnotations(repeatedScenes(Self.rows), to: folder.path + "/captions.json")
      let output = folder.path + "/images.h5"
      try disturb(
        "decode-images",
        [
          "--split", "train=\(folder.path)/captions.json", "--images", fixture.scenes + "/images", "--output", output,
        ], output: output)
    }

    @Test func killedExtractionGoesOn() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let images = try manyImages(Self.rows, in: folder, fixture)
      let output = folder.path + "/features.h5"
      try disturb(
        "extract-features", ["--images-cache", images, "--weights", fixture.weights, "--output", output],
        output: output)
    }

    @Test(arguments: [SIGHUP, SIGINT, SIGTERM]) func aSignalIsObeyedAndResumed(signal: Int32) throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      try writeAnnotations(repeatedScenes(Self.rows), to: folder.path + "/captions.json")
      let output = folder.path + "/images.h5"
      let arguments = [
        "--split", "train=\(folder.path)/captions.json", "--images", fixture.scenes + "/images", "--output", output,
        "--threads", "1",
      ]
      let stopped = try StageProcess.run(
        "decode-images", arguments,
        disturbance: .signalOnce(file: output + ".partial", bytes: 1, signal: signal))
      #expect(stopped.code == 128 + signal)
      #expect(stopped.errors.contains("the same command goes on from here"))
      #expect(!FileSystem.isFile(output))
      try succeed("decode-images", arguments)
      let resumed = try contents(of: output)
      try FileSystem.remove(output)
      try succeed("decode-images", arguments)
      #expect(try contents(of: output) == resumed)
      #expect(!FileSystem.isFile(output + ".partial"))
    }

    /// Drawn scenes go on after an interruption, and are those of an undisturbed run.
    @Test func interruptedDrawingGoesOn() throws {
      let folder = try TemporaryFolder()
      let (output, whole) = (folder.path + "/scenes", folder.path + "/whole")
      let arguments = ["--train", "400", "--validation", "10", "--threads", "1", "--quiet"]
      let stopped = try StageProcess.run(
        "generate-scenes", arguments + ["--output", output],
        disturbance: .signalOnce(file: output + "/images/000000000020.jpg", bytes: 1, signal: 15))
      #expect(stopped.code == 143)
      let first = try FileSystem.status(of: output + "/images/000000000001.jpg")?.identity
      let killed = try StageProcess.run(
        "generate-scenes", arguments + ["--output", output],
        disturbance: .signalOnce(file: output + "/images/000000000200.jpg", bytes: 1, signal: 9))
      #expect(killed.code == 137)
      try succeed("generate-scenes", arguments + ["--output", output])
      try succeed("generate-scenes", arguments + ["--output", whole])
      #expect(try FileSystem.status(of: output + "/images/000000000001.jpg")?.identity == first)
      #expect(try FileSystem.list(output + "/images") == FileSystem.list(whole + "/images"))
      for name in try FileSystem.list(whole + "/images") {
        #expect(try contents(of: output + "/images/" + name) == contents(of: whole + "/images/" + name), "\(name)")
      }
      #expect(try contents(of: output + "/scenes.json") == contents(of: whole + "/scenes.json"))
    }
  }
}

/// An images cache of `count` rows.
func manyImages(_ count: Int, in folder: TemporaryFolder, _ fixture: Fixture) throws -> String {
  let (annotations, images) = ("\(folder.path)/many-\(count).json", "\(folder.path)/many-\(count).h5")
  try writeAnnotations(repeatedScenes(count), to: annotations)
  try succeed(
    "decode-images", ["--split", "train=\(annotations)", "--images", fixture.scenes + "/images", "--output", images])
  return images
}
