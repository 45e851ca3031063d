import Caches
import Files
import JSON
import TestSupport
import Testing

/// Damaged, rare and hostile JPEGs: each decoded or skipped with a reason, with Pillow's verdict.
extension BuiltStages {
  @Suite struct OddPhotographsTests {
    /// Files on which the verdict differs from Pillow's, and why that is right.
    static let explained = [
      "jpeg-decoder__jpg-size-6x6.jpg": "a PNG under another name; Pillow reads any format",
      "jpeg-decoder__jpeg_lossless_sel1-8bit.jpg":
        "lossless (SOF3), which the libjpeg-turbo in Pillow's wheel reads and Debian 12's does not",
      "jpeg-decoder__id_000831_sync_jpeg9_src_000903.jpg":
        "a whole picture, then a second frame header cut short: libjpeg-turbo 3 refuses it, 2.1.5 need not look at it",
    ]

    @Test(.enabled(if: SharedData.path != nil, "\(SharedData.skipReason)"))
    func verdictsArePillows() throws {
      let shared = try #require(SharedData.path)
      let folder = try TemporaryFolder()
      let manifest = try FileSystem.readText(shared + "/odd_jpegs/manifest.tsv").split(separator: "\n").map {
        $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      }
      let verdictColumn = try #require(manifest[0].firstIndex(of: "pil_decode"))
      let rows = manifest.dropFirst()
      #expect(rows.count == 55)
      let annotations = folder.path + "/captions.json"
      try writeAnnotations(rows.enumerated().map { ($0.offset + 1, $0.element[0]) }, to: annotations)
      let output = folder.path + "/images.h5"
      let run = try StageProcess.run(
        "decode-images",
        [
          "--split", "train=\(annotations)", "--images", shared + "/odd_jpegs", "--output", output,
          "--max-failures", "\(rows.count)",
        ])
      #expect(run.code == 0, "\(run.errors)")

      let cache = try CacheReader(path: output, format: "captioneer.images")
      let names = try cache.text("ledger/file_names")
      let statuses = try cache.text("ledger/statuses")
      let reasons = try cache.text("ledger/reasons")
      #expect(names.count == rows.count)
      let kept = try cache.int64("image_ids").count
      #expect(kept == statuses.filter { $0 != "skipped" }.count)
      for row in rows {
        guard let index = names.firstIndex(of: row[0]) else {
          Issue.record("\(row[0]) is not in the ledger")
          continue
        }
        let pillow = row[verdictColumn]
        let agrees = (pillow == "ok") == (statuses[index] != "skipped")
        #expect(
          agrees || Self.explained[row[0]] != nil,
          "\(row[0]): ours \(statuses[index]) (\(reasons[index])), Pillow's \(pillow)")
        if statuses[index] != "ok" { #expect(!reasons[index].isEmpty, "\(row[0])") }
      }
    }

    /// 1 in 100, rounded up: 2 of 101.
    @Test func oneInAHundredMayBeMissing() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      for (missing, code) in [(2, 0), (3, 2)] as [(Int, Int32)] {
        var images = repeatedScenes(101)
        for index in 0..<missing { images[10 * index].file = "none\(index).jpg" }
        try writeAnnotations(images, to: folder.path + "/captions.json")
        let run = try StageProcess.run(
          "decode-images",
          [
            "--split", "train=\(folder.path)/captions.json", "--images", fixture.scenes + "/images", "--output",
            "\(folder.path)/\(missing).h5", "--size", "8", "--json",
          ])
        #expect(run.code == code, "\(missing) missing: \(run.errors)")
        let result = try JSONValue(parsing: run.output)["result"]
        #expect(result?["max_failures"]?.integer == 2 && result?["skipped"]?.array?.count == missing)
      }
    }

    /// A picture whose data libjpeg mends is a row, and is told from a sound one.
    @Test func recoveredPhotographsAreTold() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      var damaged = try contents(of: fixture.scenes + "/images/000000000001.jpg")
      // Within the only scan's data: an end of image in the middle of a row of blocks can't be mended, other markers can.
      damaged.replaceSubrange(damaged.count / 2..<damaged.count / 2 + 2, with: [0xFF, 0xD5])
      try FileSystem.replace(folder.path + "/photographs/1.jpg", with: damaged)
      try FileSystem.replace(
        folder.path + "/photographs/2.jpg", with: contents(of: fixture.scenes + "/images/000000000002.jpg"))
      try writeAnnotations([(1, "1.jpg"), (2, "2.jpg")], to: folder.path + "/captions.json")
      let output = folder.path + "/images.h5"
      let run = try succeed(
        "decode-images",
        [
          "--split", "train=\(folder.path)/captions.json", "--images", folder.path + "/photographs", "--output", output,
          "--json",
        ])
      #expect(try JSONValue(parsing: run.output)["result"]?["recovered"]?.integer == 1)
      #expect(run.errors.contains("recovered 1.jpg (image 1): "), "\(run.errors)")
      let cache = try CacheReader(path: output, format: "captioneer.images")
      #expect(try cache.text("ledger/statuses") == ["recovered", "ok"])
      #expect(try cache.text("ledger/reasons").map(\.isEmpty) == [false, true])
      #expect(try cache.rows("images").rowCount == 2)
    }

    @Test func skippedPhotographsShiftNobodyAndAreCounted() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      let photographs = folder.path + "/photographs"
      try FileSystem.makeFolder(photographs)
      let whole = try contents(of: fixture.scenes + "/images/000000000001.jpg")
      for id in 1...9 {
        let content = id == 4 ? [] : id == 7 ? Array(whole.prefix(200)) : whole
        try FileSystem.replace("\(photographs)/\(id).jpg", with: content)
      }
      try writeAnnotations((1...9).map { ($0, "\($0).jpg") }, to: folder.path + "/captions.json")
      let output = folder.path + "/images.h5"
      let arguments = [
        "--split", "train=\(folder.path)/captions.json", "--images", photographs, "--output", output,
      ]
      let strict = try StageProcess.run("decode-images", arguments + ["--max-failures", "1"])
      #expect(strict.code == 2, "\(strict.errors)")
      try succeed("decode-images", arguments + ["--max-failures", "2"])
      let cache = try CacheReader(path: output, format: "captioneer.images")
      #expect(try cache.int64("image_ids") == [1, 2, 3, 5, 6, 8, 9])
      #expect(try cache.rows("images").rowCount == 7)
    }
  }
}
