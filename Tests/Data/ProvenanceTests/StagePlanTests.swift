import Diagnostics
import Files
import JSON
import Provenance
import Synchronization
import TestSupport
import Testing
import Workers

#if canImport(Glibc)
  import Glibc
#endif

/// Whether a stage has anything to do: known by what was read, not by where it lay or when it was touched.
@Suite struct StagePlanTests {
  private let folder: TemporaryFolder
  private let plan: StagePlan

  private var annotations: String { folder.path + "/captions.json" }
  private var output: String { folder.path + "/results.json" }

  init() throws {
    folder = try TemporaryFolder()
    try FileSystem.replace(folder.path + "/captions.json", with: "captions")
    try FileSystem.replace(folder.path + "/results.json", with: "results")
    plan = Self.plan(folder.path + "/captions.json", folder.path + "/results.json")
    _ = try plan.verdict(renewsStamp: false)
    try plan.recordCompletion(result: ["rows": 7])
  }

  /// A plan of its own for each look: what one has seen is not looked at again.
  private static func plan(_ annotations: String, _ output: String, size: Int = 112) -> StagePlan {
    StagePlan(
      stage: "caption-images", codeVersion: 1, configuration: ["size": .integer(size), "fit": "stretch"],
      inputs: [.file("annotations", annotations)], outputs: [StageOutput(output)])
  }

  private func reason(_ plan: StagePlan? = nil) throws -> String? {
    let plan = plan ?? Self.plan(annotations, output)
    return if case .stale(let reason) = try plan.verdict(renewsStamp: true) { reason } else { nil }
  }

  /// The memo of the annotations in the stamp.
  private func memo() throws -> String? {
    try JSONValue(parsing: FileSystem.readText(output + ".stamp.json"))["inputs"]?["annotations"]?["memo"]?[
      "signature"]?
      .string
  }

  @Test func nothingChangedIsCurrent() throws {
    #expect(try reason() == nil)
    #expect(try Self.plan(annotations, output).lastResult() == ["rows": 7])
  }

  @Test func aTouchedFileIsReadOnceAndItsStampRenewed() throws {
    let before = try memo()
    try FileSystem.replace(annotations, with: "captions")
    #expect(try reason() == nil)
    #expect(try memo() != before)
    #expect(try memo() == FileSystem.status(of: annotations)?.signature?.text)
  }

  @Test func theSameBytesElsewhereAreCurrent() throws {
    try FileSystem.replace(folder.path + "/other.json", with: "captions")
    #expect(try reason(Self.plan(folder.path + "/other.json", output)) == nil)
  }

  @Test func aMovedOutputIsCurrentWithItsStamp() throws {
    let moved = folder.path + "/moved"
    try FileSystem.makeFolder(moved)
    for name in ["results.json", "results.json.stamp.json"] {
      try FileSystem.replace("\(moved)/\(name)", with: FileSystem.readText("\(folder.path)/\(name)"))
    }
    #expect(try reason(Self.plan(annotations, moved + "/results.json")) == nil)
  }

  @Test func changesAreNamed() throws {
    #expect(try reason(Self.plan(annotations, output, size: 224)) == "size is 224, was 112")
    var other = Self.plan(annotations, output)
    other.codeVersion = 2
    #expect(try reason(other) == "caption-images itself changed")
    try FileSystem.replace(annotations, with: "other captions")
    #expect(try reason()?.contains("the annotations changed") == true)
  }

  @Test func aPlanThatOnlyPrintsIsNeverCurrent() throws {
    var other = Self.plan(annotations, output)
    other.outputs = []
    try other.recordCompletion(result: .null)
    #expect(try reason(other) != nil)
  }

  @Test func anOutputEditedByOthersIsStale() throws {
    try FileSystem.replace(output, with: "resultz")
    #expect(try reason()?.contains("changed since it was made") == true)
    try FileSystem.remove(output)
    #expect(try reason()?.contains("is not there") == true)
  }

  /// A renewal that waited for the stamp's lock judges again: another run may have written the stamp meanwhile.
  @Test func aRenewalKeepsANewerStamp() throws {
    try FileSystem.replace(annotations, with: "captions")  // touched: the memo is to be renewed
    let stamp = output + ".stamp.json"
    let held = try OutputFile(path: stamp)
    let written = Mutex(false)
    let newer = try FileSystem.readText(stamp) + "\n"
    try forEachIndex(2, threads: 2) { index, _ in
      if index == 0 {
        #expect(try reason() == nil)
      } else {
        usleep(200_000)
        try held.write(newer)
        try held.publish()
        written.withLock { $0 = true }
      }
    }
    #expect(written.withLock { $0 })
    #expect(try FileSystem.readText(stamp) == newer)
  }

  @Test func whatIsAllowedNowCounts() throws {
    var other = Self.plan(annotations, output)
    other.shortcoming = { "3 rows are missing" }
    #expect(try reason(other) == "3 rows are missing")
  }

  @Test func anInputThatChangesMeanwhileIsNamed() throws {
    let plan = Self.plan(annotations, output)
    _ = try plan.verdict(renewsStamp: false)
    try plan.confirmInputs()
    // Of a file that is read in place nobody can tell which bytes were parsed; rows of a cache are checked one by one.
    try FileSystem.replace(annotations, with: "captions")
    #expect(throws: InputError.self) { try plan.confirmInputs() }
  }

  @Test func aCacheThatIsTouchedMeanwhileIsTheSame() throws {
    var input = StageInput.file("images", annotations)
    input.isCheckedWhileRead = true
    let plan = StagePlan(
      stage: "caption-images", codeVersion: 1, configuration: [:], inputs: [input], outputs: [StageOutput(output)])
    _ = try plan.verdict(renewsStamp: false)
    plan.know(["images": .string(try sha256(ofFile: annotations))])
    try FileSystem.replace(annotations, with: "captions")
    try plan.confirmInputs()
    try FileSystem.replace(annotations, with: "captionz")
    #expect(throws: InputError.self) { try plan.confirmInputs() }
  }

  @Test func anOutputThatMovedIsVerifiedOnce() throws {
    let looks = Mutex(0)
    func plan() -> StagePlan {
      StagePlan(
        stage: "decode-images", codeVersion: 1, configuration: [:], inputs: [.file("annotations", annotations)],
        outputs: [
          StageOutput(
            output,
            record: { [annotations] _ in
              StageRecord(
                stage: "decode-images", codeVersion: 1, configuration: [:],
                inputs: ["annotations": .string(try sha256(ofFile: annotations))])
            },
            verify: { path in
              looks.withLock { $0 += 1 }
              if try FileSystem.readText(path) != "results" { throw InputError(file: path, "is damaged") }
            })
        ])
    }
    try FileSystem.remove(output + ".stamp.json")
    for _ in 0..<3 { #expect(try reason(plan()) == nil) }
    #expect(looks.withLock { $0 } == 1)
    try FileSystem.replace(output, with: "resultz")
    #expect(try reason(plan())?.contains("is damaged") == true)
  }

  /// Annotations of all splits in one file: each split's record must mean what the file holds now.
  @Test func everyPartOfAnInputIsCompared() throws {
    let digest = JSONValue.string(try sha256(ofFile: annotations))
    func plan(_ validation: JSONValue) -> StagePlan {
      StagePlan(
        stage: "decode-images", codeVersion: 1, configuration: [:],
        inputs: [.file("annotations", annotations, isRecordedInParts: true)],
        outputs: [
          StageOutput(
            output,
            record: { _ in
              StageRecord(
                stage: "decode-images", codeVersion: 1, configuration: [:],
                inputs: ["annotations_train": digest, "annotations_val": validation])
            })
        ])
    }
    #expect(try reason(plan(digest)) == nil)
    #expect(try reason(plan("another"))?.contains("the annotations changed") == true)
  }

  @Test func anInputThatIsNotReadAnyMoreIsNamed() throws {
    let plan = StagePlan(
      stage: "caption-images", codeVersion: 1, configuration: ["size": 112, "fit": "stretch"], inputs: [],
      outputs: [StageOutput(output)])
    #expect(try reason(plan) == "annotations is not read any more")
  }

  @Test func aMissingInputIsAnError() throws {
    #expect(throws: InputError.self) {
      try Self.plan(folder.path + "/none.json", output).verdict(renewsStamp: false)
    }
  }

  @Test func severalFilesAreKnownByEach() throws {
    let names = ["a", "b"].map { folder.path + "/" + $0 }
    for name in names { try FileSystem.replace(name, with: name) }
    func plan() -> StagePlan {
      StagePlan(
        stage: "caption-images", codeVersion: 1, configuration: [:],
        inputs: [.files("photographs", [folder.path]) { names }], outputs: [StageOutput(output)])
    }
    let first = plan()
    try FileSystem.remove(output + ".stamp.json")
    _ = try first.verdict(renewsStamp: false)
    try first.recordCompletion(result: .null)
    #expect(try reason(plan()) == nil)
    try FileSystem.replace(names[1], with: names[1])
    #expect(try reason(plan()) == nil)
    try FileSystem.replace(names[1], with: "another")
    #expect(try reason(plan())?.contains("the photographs changed") == true)
  }
}

/// What an output may replace.
@Suite struct StageOutputTests {
  private let folder: TemporaryFolder
  private func path(_ name: String) -> String { folder.path + "/" + name }

  init() throws {
    folder = try TemporaryFolder()
    try FileSystem.replace(path("captions.json"), with: "captions")
  }

  private func plan(_ outputs: [String], stage: String = "caption-images") -> StagePlan {
    StagePlan(
      stage: stage, codeVersion: 1, configuration: [:], inputs: [.file("annotations", path("captions.json"))],
      outputs: outputs.map { StageOutput(path($0)) })
  }

  private func refusal(_ plan: StagePlan, force: Bool = false) -> String? {
    do { try plan.checkOutputs(replacesAnything: force) } catch { return "\(error)" }
    return nil
  }

  @Test func somebodyElsesFileIsKept() throws {
    #expect(refusal(plan(["results.json"])) == nil)
    try FileSystem.replace(path("results.json"), with: "mine")
    #expect(refusal(plan(["results.json"]))?.contains("is not what caption-images made") == true)
    #expect(refusal(plan(["results.json"]), force: true) == nil)
  }

  @Test func anInputIsNeverReplaced() throws {
    for force in [false, true] {
      #expect(refusal(plan(["captions.json"]), force: force)?.contains("the annotations that is read") == true)
    }
    try #require(symlink(to: path("captions.json"), at: path("link.json")))
    #expect(refusal(plan(["link.json"]), force: true)?.contains("the annotations that is read") == true)
    try #require(hardLink(to: path("captions.json"), at: path("hard.json.partial")))
    #expect(refusal(plan(["hard.json"]), force: true)?.contains("by way of") == true)
  }

  @Test func standardOutputIsNoPlaceForAFile() {
    let plan = StagePlan(
      stage: "decode-images", codeVersion: 1, configuration: [:], inputs: [], outputs: [StageOutput("-")])
    #expect(refusal(plan, force: true)?.contains("standard output") == true)
  }

  @Test func twoOutputsNeedTwoNames() throws {
    #expect(refusal(plan(["a.json", "a.json"]))?.contains("two outputs") == true)
  }

  @Test func whatTheStageMadeIsReplaced() throws {
    let made = plan(["results.json"])
    try FileSystem.replace(path("results.json"), with: "results")
    _ = try made.verdict(renewsStamp: false)
    try made.recordCompletion(result: .null)
    #expect(refusal(plan(["results.json"])) == nil)
    #expect(refusal(plan(["results.json"], stage: "other-stage")) != nil)
    try FileSystem.replace(path("results.json"), with: "edited since")
    #expect(refusal(plan(["results.json"])) != nil)
  }

  @Test func aStoppedRunsFilesAreItsOwn() throws {
    // A plan that goes takes its lock with it, as a killed run does.
    try plan(["results.json", "log.csv"]).claimOutputs()
    try FileSystem.replace(path("results.json"), with: "half of it")
    #expect(refusal(plan(["results.json", "log.csv"])) == nil)
    #expect(refusal(plan(["results.json", "log.csv"], stage: "other-stage")) != nil)
  }

  @Test func whatIsClaimedIsOneProcesssWork() throws {
    let first = plan(["results.json"])
    try first.claimOutputs()
    #expect(throws: InputError.self) { try plan(["results.json"], stage: "caption-images").claimOutputs() }
    try FileSystem.replace(path("results.json"), with: "results")
    try first.recordCompletion(result: .null)
    #expect(try plan(["results.json"]).verdict(renewsStamp: false) == .current)
    try plan(["results.json"]).claimOutputs()
  }

  @Test func aClaimIsWithdrawnWhereNothingWasWritten() throws {
    let failed = plan(["results.json"])
    try failed.claimOutputs()
    try failed.withdrawClaim()
    #expect(!FileSystem.isFile(path("results.json.stamp.json")))
    #expect(!FileSystem.isFile(path("results.json.stamp.json.partial")))
    try FileSystem.replace(path("results.json"), with: "mine")
    #expect(refusal(plan(["results.json"])) != nil)
  }

  @Test func nothingAmongTheInputsIsReplaced() throws {
    try FileSystem.makeFolder(path("photos/train"))
    try FileSystem.replace(path("photos/train/1.jpg"), with: "photograph")
    let plan = StagePlan(
      stage: "decode-images", codeVersion: 1, configuration: [:],
      inputs: [StageInput("photographs", [path("photos")], signature: { "" }) { _ in .init(digest: "") }],
      outputs: [StageOutput(path("photos/train/1.jpg"))])
    #expect(refusal(plan, force: true)?.contains("lies among the photographs") == true)
  }
}
