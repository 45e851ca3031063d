import JSON
import TestSupport
import Testing

/// `--json` has one shape.
extension BuiltStages {
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
