import Files
import JSON
import TestSupport
import Testing

/// `score-captions` is a stage like the others.
extension StageTests {
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
      #expect(try bytes(output + "/images/" + name) == bytes(whole + "/images/" + name), "\(name)")
    }
    #expect(try bytes(output + "/scenes.json") == bytes(whole + "/scenes.json"))
  }
}
