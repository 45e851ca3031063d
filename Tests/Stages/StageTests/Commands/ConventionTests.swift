import Files
import JSON
import TestSupport
import Testing

/// What all stages have in common.
extension BuiltStages {
  @Suite struct ConventionTests {
    static let allStages = [
      "generate-scenes", "decode-images", "tokenize-captions", "extract-features", "train-captioner",
      "caption-images", "score-captions", "run-pipeline",
    ]

    @Test(arguments: allStages) func helpTeachesWithAnExample(name: String) throws {
      let run = try StageProcess.run(name, ["--help"])
      #expect(run.code == 0)
      #expect(run.output.lowercased().contains("example"))
      #expect(run.output.contains("\(name) "))
      for option in ["--dry-run", "--json", "--threads"] { #expect(run.output.contains(option)) }
    }

    @Test(arguments: allStages) func wrongUsageIsRefused(name: String) throws {
      for arguments in [[], ["--threads", "none"], ["--no-such-option"]] {
        let run = try StageProcess.run(name, arguments)
        #expect(run.code == 64)
        #expect(run.output.isEmpty)
        #expect(run.errors.lowercased().contains("usage: \(name)"))
      }
    }

    /// Sums with the number of threads must not overflow, nor memory go to workspaces that nobody needs.
    @Test(arguments: ["0", "1025", "9223372036854775807"]) func noMachineHasThatManyThreads(count: String) throws {
      let run = try StageProcess.run("generate-scenes", ["--output", "scenes", "--dry-run", "--threads", count])
      #expect(run.code == 64)
      #expect(run.errors.contains("--threads must be at least 1 and at most 1024"))
    }

    @Test func aSecondRunDoesNothing() throws {
      let fixture = try Fixture.get()
      for (name, arguments) in fixture.stages {
        let before = try StageProcess.run(name, arguments + ["--dry-run"])
        #expect(before.code == 0)
        #expect(before.output.contains("up to date"), "\(name): \(before.output)")
        let run = try StageProcess.run(name, arguments)
        #expect(run.code == 0)
        #expect(run.output.contains("up to date"), "\(name): \(run.output)\(run.errors)")
      }
    }

    @Test func dryRunsMakeNothingAndSayWhatWouldBeMade() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let output = folder.path + "/images.h5"
      let arguments = fixture.splits + ["--images", fixture.scenes + "/images", "--output", output]
      let run = try StageProcess.run("decode-images", arguments + ["--dry-run", "--json"])
      #expect(run.code == 0)
      let plan = try JSONValue(parsing: run.output)
      #expect(plan["status"]?.string == "would run")
      #expect(plan["rows"]?.integer == Fixture.trainCount + Fixture.validationCount)
      #expect(plan["bytes"]?.integer ?? 0 >= (Fixture.trainCount + Fixture.validationCount) * 3 * 112 * 112)
      #expect(try FileSystem.list(folder.path).isEmpty)
    }

    @Test func everyPlanIsJSON() throws {
      let fixture = try Fixture.get()
      for (name, arguments) in fixture.stages {
        let run = try StageProcess.run(name, arguments + ["--dry-run", "--json"])
        let plan = try JSONValue(parsing: run.output)
        #expect(plan["stage"]?.string == name)
        #expect(plan["status"]?.string == "up to date", "\(name): \(plan["reason"]?.string ?? "")")
      }
    }

    @Test func resultsAreJSON() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let run = try succeed(
        "decode-images",
        fixture.splits + ["--images", fixture.scenes + "/images", "--output", folder.path + "/images.h5", "--json"])
      #expect(try JSONValue(parsing: run.output).members != nil)
    }

    @Test func anotherSizeIsNamedAsTheReason() throws {
      let fixture = try Fixture.get()
      let run = try StageProcess.run("decode-images", fixture.decodeArguments + ["--size", "64", "--dry-run"])
      #expect(run.output.contains("would run"))
      #expect(run.output.contains("size is 64, was 112"))
    }

    @Test func threadsDoNotChangeTheCaches() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      for threads in ["1", "2", "5"] {
        let images = folder.path + "/images-\(threads).h5"
        try succeed(
          "decode-images",
          fixture.splits + ["--images", fixture.scenes + "/images", "--output", images, "--threads", threads])
        #expect(try contents(of: images) == contents(of: fixture.images))
        let features = folder.path + "/features-\(threads).h5"
        try succeed(
          "extract-features",
          ["--images-cache", images, "--weights", fixture.weights, "--output", features, "--threads", threads])
        #expect(try contents(of: features) == contents(of: fixture.features))
      }
    }
  }
}
