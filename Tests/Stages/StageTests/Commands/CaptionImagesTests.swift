import Files
import JSON
import TestSupport
import Testing

/// `caption-images` on cached rows and on photographs.
extension BuiltStages {
  @Suite struct CaptionImagesTests {
    private let fixture: Fixture
    private let folder: TemporaryFolder

    init() throws {
      fixture = try Fixture.get()
      folder = try TemporaryFolder()
    }

    /// Image id or file → caption, from standard output.
    private func lines(_ output: String) -> [(name: String, caption: String)] {
      output.split(separator: "\n").map { line in
        let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "no tab")
      }
    }

    private var cached: [String] {
      ["--checkpoint", fixture.checkpoint, "--features", fixture.features, "--split", "val"]
    }

    private var photographs: [String] {
      (Fixture.trainCount..<Fixture.trainCount + Fixture.validationCount).map {
        "\(fixture.scenes)/images/0000000000\($0 + 1).jpg"
      }
    }

    @Test func photographsGetTheCaptionsOfTheirCachedRows() throws {
      let rows = lines(try succeed("caption-images", cached).output)
      #expect(
        rows.map(\.name) == (Fixture.trainCount..<Fixture.trainCount + Fixture.validationCount).map { "\($0 + 1)" })
      let loose = lines(
        try succeed(
          "caption-images", ["--checkpoint", fixture.checkpoint, "--weights", fixture.weights] + photographs
        ).output)
      #expect(loose.map(\.name) == photographs)
      #expect(loose.map(\.caption) == rows.map(\.caption))
    }

    @Test func aFolderIsCaptionedWhole() throws {
      let run = try succeed(
        "caption-images",
        ["--checkpoint", fixture.checkpoint, "--weights", fixture.weights, fixture.scenes + "/images"])
      #expect(lines(run.output).count == Fixture.trainCount + Fixture.validationCount)
    }

    @Test func threadsAndLimitsOfWords() throws {
      let one = try succeed("caption-images", cached + ["--threads", "1"]).output
      #expect(try succeed("caption-images", cached + ["--threads", "3"]).output == one)
      let short = lines(try succeed("caption-images", cached + ["--maximum-words", "3"]).output)
      for (whole, cut) in zip(lines(one), short) {
        #expect(whole.caption.split(separator: " ").count <= 15)
        #expect(whole.caption.split(separator: " ").prefix(3).joined(separator: " ") == cut.caption)
      }
    }

    @Test func resultsAreCOCOsAndMadeOnce() throws {
      let results = folder.path + "/results.json"
      let run = try succeed("caption-images", cached + ["--results", results])
      #expect(!run.output.contains("\t"))
      let entries = try #require(try JSONValue(parsing: try FileSystem.readText(results)).array)
      #expect(entries.count == Fixture.validationCount)
      #expect(entries.first?["image_id"]?.integer == Fixture.trainCount + 1)
      #expect(entries.allSatisfy { $0["caption"]?.string != nil && $0.members?.count == 2 })
      #expect(try succeed("caption-images", cached + ["--results", results]).output.contains("up to date"))
    }

    @Test func resultsOnStandardOutput() throws {
      let results = folder.path + "/results.json"
      try succeed("caption-images", cached + ["--results", results])
      let run = try succeed("caption-images", cached + ["--results", "-"])
      #expect(run.output == (try FileSystem.readText(results)))
      #expect(!FileSystem.isFile("-"))
      for options in [["--results", "-", "--json"], ["--logits", "-"]] {
        #expect(try StageProcess.run("caption-images", cached + options).code == 64)
      }
    }

    /// Said before the captions are made, not after.
    @Test func resultsThatAnotherProcessMakes() throws {
      let results = folder.path + "/results.json"
      let other = try OutputFile(path: results)
      try expectRefusal("caption-images", cached + ["--results", results], naming: [results, "another process"])
      try other.write("theirs")
      try other.publish()
      #expect(try FileSystem.readText(results) == "theirs")
    }

    /// Sizes are compared with what is there before anything of that size is claimed.
    @Test func aCheckpointWithHugeSizes() throws {
      let file = folder.path + "/huge.safetensors"
      let text = String(decoding: try contents(of: fixture.checkpoint), as: Unicode.ASCII.self)
      #expect(text.contains(#"\"hidden\":32"#))
      var content = try contents(of: fixture.checkpoint)
      // The header grows by what the number does; it is padded to a multiple of eight.
      let key = Array(#"\"hidden\":32"#.utf8)
      let place = try #require(content.indices.first { content[$0...].starts(with: key) })
      content.replaceSubrange(place..<place + key.count, with: Array(#"\"hidden\":3276800000"#.utf8))
      content[0] += 8
      try FileSystem.replace(file, with: content)
      try expectRefusal(
        "caption-images", ["--checkpoint", file] + cached.dropFirst(2), naming: [file, "sizes", "hidden"])
    }

    @Test func aPhotographThatCannotBeDecodedStopsNobody() throws {
      let broken = folder.path + "/17.jpg"
      try FileSystem.replace(broken, with: "no photograph")
      let run = try StageProcess.run(
        "caption-images",
        ["--checkpoint", fixture.checkpoint, "--weights", fixture.weights, photographs[0], broken, photographs[1]])
      #expect(run.code == 2)
      #expect(lines(run.output).map(\.name) == Array(photographs.prefix(2)))
      #expect(run.errorLines.count == 1)
      #expect(run.errors.contains(broken))
    }

    @Test func featuresOfOtherWeightsAreRefused() throws {
      let weights = folder.path + "/other.safetensors"
      try writeSmallNetwork(to: weights, changing: 2)
      try expectRefusal(
        "caption-images", ["--checkpoint", fixture.checkpoint, "--weights", weights, photographs[0]],
        naming: [weights, "weights"])
      let features = folder.path + "/features.h5"
      try succeed(
        "extract-features", ["--images-cache", fixture.images, "--weights", weights, "--output", features])
      try expectRefusal(
        "caption-images", ["--checkpoint", fixture.checkpoint, "--features", features], naming: [features, "weights"])
    }

    @Test func anotherKindOfCheckpointIsRefused() throws {
      try expectRefusal(
        "caption-images", ["--checkpoint", fixture.weights, "--features", fixture.features], naming: [fixture.weights])
      try expectRefusal("caption-images", cached.dropLast() + ["test"], naming: [fixture.features, "test"])
    }
  }
}
