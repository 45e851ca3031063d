import Files
import JSON
import TestSupport
import Testing

/// `score-captions` is a stage like the others.
extension BuiltStages {
  @Suite struct ScoreCaptionsTests {
    @Test(arguments: [("0.5", 0), ("1", 2)]) func scoresHaveTheShapeOfEveryStage(minimum: String, code: Int32) throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let truths = try JSONValue(parsing: try FileSystem.readText(fixture.scenes + "/scenes.json")).array ?? []
      // All right but the last.
      let results = truths.suffix(Fixture.validationCount).enumerated().map { index, truth -> JSONValue in
        let main = truth["main"]
        let caption = "a \(main?["color"]?.string ?? "") \(main?["shape"]?.string ?? "")"
        return [
          "image_id": truth["image_id"] ?? .null,
          "caption": .string(index == Fixture.validationCount - 1 ? "nothing" : caption),
        ]
      }
      let file = folder.path + "/results.json"
      try FileSystem.replace(file, with: JSONValue.array(results).compact)
      let arguments = ["--results", file, "--scenes", fixture.scenes, "--minimum", minimum]
      let run = try StageProcess.run("score-captions", arguments + ["--json"])
      #expect(run.code == code)
      let report = try JSONValue(parsing: run.output)
      let result = report["result"] ?? report
      #expect(result["scenes"]?.integer == Fixture.validationCount)
      #expect(result["right_both"]?.integer == Fixture.validationCount - 1)
      let text = try StageProcess.run("score-captions", arguments + ["--quiet"])
      #expect(text.code == code && text.errors.isEmpty)
      #expect(text.output.contains("16 held-out scenes: the main object's colour and shape are right in 93.8 %"))
    }
  }
}
