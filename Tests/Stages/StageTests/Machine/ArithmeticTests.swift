import JSON
import Processes
import TestSupport
import Testing
import Weights

#if canImport(Glibc)
  import Glibc
#endif

/// Equal inputs give equal bytes on every CPU level; what can't be obeyed is refused; what gives other bits is recorded.
extension BuiltStages {
  @Suite struct ArithmeticTests {
    /// The levels this CPU has, as measure-kernels finds the kernels to be when each is asked for.
    private func levels() throws -> [String] {
      try ["portable", "avx2", "avx512"].filter { level in
        let run = try StageProcess.run("measure-kernels", ["level"], environment: ["CAPTIONEER_CPU=\(level)"])
        guard run.code == 0 else {
          #expect(run.errors.contains("which this CPU lacks"))
          return false
        }
        let found = try JSONValue(parsing: run.output)
        #expect(found["level"]?.string == level && found["kernels"]?.string == level)
        return true
      }
    }

    private func training(_ output: String, _ fixture: Fixture) -> [String] {
      Array(fixture.trainArguments.dropLast()) + [output]
    }

    @Test func everyCPULevelMakesTheSameBytes() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      for level in try levels() {
        let features = "\(folder.path)/\(level).h5"
        for (name, arguments) in [
          ("extract-features", Array(fixture.extractArguments.dropLast()) + [features]),
          ("train-captioner", training("\(folder.path)/\(level)", fixture)),
        ] {
          let run = try StageProcess.run(name, arguments, environment: ["CAPTIONEER_CPU=\(level)"])
          try #require(run.code == 0, "\(run.errors)")
        }
        #expect(try contents(of: features) == contents(of: fixture.features), "features, \(level)")
        for file in ["captioner.safetensors", "log.csv"] {
          #expect(
            try contents(of: "\(folder.path)/\(level)/\(file)") == contents(of: "\(fixture.captioner)/\(file)"),
            "\(file), \(level)")
        }
      }
    }

    @Test(arguments: ["CAPTIONEER_CPU=fastest", "CAPTIONEER_CPU=AVX2", "CAPTIONEER_BLAS=mkl"])
    func whatMeansNothingIsRefused(_ setting: String) throws {
      let fixture = try Fixture.get()
      for (name, arguments) in fixture.stages {
        let run = try StageProcess.run(name, arguments, environment: [setting])
        #expect(run.code == 1, "\(name)")
        #expect(run.errorLines.count == 1, "\(run.errors)")
        for word in setting.split(separator: "=") { #expect(run.errors.contains(word), "\(run.errors)") }
      }
    }

    @Test(.enabled(if: openBLASIsInstalled, "needs libopenblas0"))
    func openBLASIsRecordedAndNotMixed() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let arguments = training(folder.path + "/captioner", fixture)
      let environment = ["CAPTIONEER_BLAS=openblas"]
      let run = try StageProcess.run("train-captioner", arguments, environment: environment)
      try #require(run.code == 0, "\(run.errors)")
      let checkpoint = try SafetensorsFile(path: folder.path + "/captioner/captioner.safetensors")
      let configuration = try #require(checkpoint.metadata.first { $0.key == "configuration" }?.value)
      #expect(try JSONValue(parsing: configuration)["arithmetic"]?.string?.hasPrefix("OpenBLAS ") == true)
      let again = try StageProcess.run("train-captioner", arguments + ["--dry-run"], environment: environment)
      #expect(again.output.contains("up to date"), "\(again.output)")
      let without = try StageProcess.run("train-captioner", arguments + ["--dry-run"])
      #expect(without.output.contains("would run") && without.output.contains("OpenBLAS"), "\(without.output)")
    }

    @Test func nothingIsLinkedToOpenBLASAndLittleMemoryIsEnough() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      for name in ConventionTests.allStages {
        let libraries = try StageProcess.run("/usr/bin/ldd", [ChildProcess.ownFolder + "/" + name])
        #expect(libraries.code == 0 && !libraries.output.contains("blas"), "\(name)")
      }
      let command = ([ChildProcess.ownFolder + "/train-captioner"] + training(folder.path + "/captioner", fixture))
      let run = try StageProcess.run(
        "/bin/sh", ["-c", "ulimit -v 400000; exec timeout 60 \"$@\"", "sh"] + command + ["--threads", "1"])
      #expect(run.code == 0, "\(run.errors)")
      #expect(try contents(of: folder.path + "/captioner/captioner.safetensors") == contents(of: fixture.checkpoint))
    }

    @Test func missingMemoryIsOneLine() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let arguments = training(folder.path + "/captioner", fixture) + ["--hidden", "1048576"]
      try expectRefusal("train-captioner", arguments, naming: ["--hidden 1048576", "of memory"])
    }
  }
}

private let openBLASIsInstalled: Bool = {
  guard let library = unsafe dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_LOCAL) else { return false }
  unsafe dlclose(library)
  return true
}()
