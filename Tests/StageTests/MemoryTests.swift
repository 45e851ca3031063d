import Files
import TestSupport
import Testing

/// Peak memory does not grow with the number of rows.
extension StageTests {
  @Suite struct MemoryTests {
    static let few = 400
    static let many = 4000
    /// Room for chance and for the ledger, far below the rows' own bytes (37 kB an image, 5 kB its features).
    static let allowance = 8_000_000

    @Test func decodingIsFlat() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      func peak(_ count: Int) throws -> Int {
        let annotations = "\(folder.path)/captions-\(count).json"
        try writeAnnotations(repeatedScenes(count), to: annotations)
        return try succeed(
          "decode-images",
          [
            "--split", "train=\(annotations)", "--images", fixture.scenes + "/images", "--output",
            "\(folder.path)/images-\(count).h5", "--threads", "2",
          ]
        ).peakMemory
      }
      let (small, large) = (try peak(Self.few), try peak(Self.many))
      #expect(small > 0)
      #expect(large - small < Self.allowance, "\(Self.few) rows: \(small) bytes; \(Self.many) rows: \(large) bytes")
    }

    @Test func extractionIsFlat() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      func peak(_ count: Int) throws -> Int {
        let images = try manyImages(count, in: folder, fixture)
        return try succeed(
          "extract-features",
          [
            "--images-cache", images, "--weights", fixture.weights, "--output", "\(folder.path)/features-\(count).h5",
            "--threads", "2",
          ]
        ).peakMemory
      }
      let (small, large) = (try peak(Self.few), try peak(Self.many))
      #expect(small > 0)
      #expect(large - small < Self.allowance, "\(Self.few) rows: \(small) bytes; \(Self.many) rows: \(large) bytes")
    }
  }
}
