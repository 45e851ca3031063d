import Files
import Freshness
import JSON
import TestSupport
import Testing

@Suite struct StagePlanTests {
  private let folder: TemporaryFolder
  private let plan: StagePlan

  init() throws {
    folder = try TemporaryFolder()
    try FileSystem.makeFolder(folder.path + "/photos")
    try FileSystem.replace(folder.path + "/photos/1.jpg", with: "photograph")
    try FileSystem.replace(folder.path + "/captions.json", with: "captions")
    try FileSystem.replace(folder.path + "/images.h5", with: "rows")
    plan = StagePlan(
      stage: "decode-images", codeVersion: 1, configuration: ["size": 112, "fit": "stretch"],
      inputs: [
        .init("annotations", folder.path + "/captions.json"), .init("photographs", folder.path + "/photos", .folder),
      ],
      outputs: [folder.path + "/images.h5"])
    try plan.recordCompletion()
  }

  private func reason(_ plan: StagePlan) throws -> String? {
    if case .stale(let reason) = try plan.verdict() { reason } else { nil }
  }

  @Test func nothingChangedIsCurrent() throws {
    #expect(try plan.verdict() == .current)
  }

  @Test func aFileRewrittenWithTheSameBytesIsCurrent() throws {
    try FileSystem.replace(folder.path + "/captions.json", with: "captions")
    #expect(try plan.verdict() == .current)
  }

  @Test func changesAreNamed() throws {
    var other = plan
    other.configuration = ["size": 224, "fit": "stretch"]
    #expect(try reason(other) == "size is 224, was 112")
    other = plan
    other.codeVersion = 2
    #expect(try reason(other) == "decode-images itself changed")
    try FileSystem.replace(folder.path + "/captions.json", with: "other captions")
    #expect(try reason(plan)?.contains("the annotations changed") == true)
  }

  @Test func anotherPhotographInTheFolderIsAChange() throws {
    try FileSystem.replace(folder.path + "/photos/2.jpg", with: "photograph")
    #expect(try reason(plan)?.contains("the photographs changed") == true)
  }

  @Test func aPlanThatOnlyPrintsIsNeverCurrent() throws {
    var other = plan
    other.outputs = []
    try other.recordCompletion()
    #expect(try reason(other) != nil)
  }

  @Test func anOutputTouchedByOthersIsStale() throws {
    try FileSystem.replace(folder.path + "/images.h5", with: "rowz")
    #expect(try reason(plan)?.contains("changed since it was made") == true)
    try FileSystem.remove(folder.path + "/images.h5")
    #expect(try reason(plan)?.contains("is not there") == true)
  }
}
