import Diagnostics
import JSON
import Provenance
import Testing

/// Every part of what made a file counts, each by itself.
@Suite struct StageRecordTests {
  private static let made = StageRecord(
    stage: "decode-images", codeVersion: 3, configuration: ["size": 112, "fit": "pad"], inputs: ["weights": "a"],
    splits: ["train", "val"])

  private func difference(_ change: (inout StageRecord) -> Void) -> String? {
    var planned = Self.made
    change(&planned)
    return planned.difference(from: Self.made, of: "images.h5")
  }

  @Test func eachPartIsCompared() {
    #expect(difference { _ in } == nil)
    #expect(difference { $0.stage = "extract-features" } == "images.h5 was made by decode-images")
    for version in [2, 4] { #expect(difference { $0.codeVersion = version } == "decode-images itself changed") }
    #expect(difference { $0.configuration = ["size": 112, "fit": "crop"] } == "fit is \"crop\", was \"pad\"")
    let seeded: JSONValue = ["size": 112, "fit": "pad", "seed": 7]
    #expect(difference { $0.configuration = seeded } == "seed is 7, was not set")
    #expect(difference { $0.splits = ["val", "train"] } == "the splits are val, train, were train, val")
  }

  @Test func whatIsNotChosenIsNoDifference() {
    let unseeded: JSONValue = ["size": 112, "fit": "pad", "seed": .null]
    #expect(difference { $0.configuration = unseeded } == nil)
    #expect(difference { $0.splits = nil } == nil)
    // Inputs are looked at where they lie: by the plan.
    #expect(difference { $0.inputs = ["weights": "b"] } == nil)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    #expect(try StageRecord(.object(Self.made.members)) == Self.made)
    var without = Self.made
    without.splits = nil
    #expect(try StageRecord(.object(without.members)) == without)
    for index in 0..<4 {
      var members = Self.made.members
      members.remove(at: index)
      #expect(throws: InputError.self) { try StageRecord(.object(members)) }
    }
  }
}
