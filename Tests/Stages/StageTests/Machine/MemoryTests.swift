import Files
import TestSupport
import Testing

/// Peak memory does not grow with the number of rows.
extension BuiltStages {
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

    /// The pages of an archive are given back behind each photograph.
    @Test func archivesAreFlat() throws {
      let fixture = try Fixture.get()
      let folder = try TemporaryFolder()
      // A photograph of a file's usual size: libjpeg never looks behind the end marker.
      let photograph =
        try contents(of: FileSystem.join(fixture.scenes, "images/" + repeatedScenes(1)[0].file))
        + [UInt8](repeating: 0, count: 60_000)
      func peak(_ count: Int) throws -> Int {
        let (annotations, archive) = (
          "\(folder.path)/captions-\(count).json", "\(folder.path)/photographs-\(count).zip"
        )
        try writeAnnotations((1...count).map { ($0, "\($0).jpg") }, to: annotations)
        try FileSystem.replace(archive, with: StoredZip.bytes((1...count).map { ("p/\($0).jpg", photograph) }))
        return try succeed(
          "decode-images",
          [
            "--split", "train=\(annotations)", "--images", archive, "--output", "\(folder.path)/zip-\(count).h5",
            "--threads", "2",
          ]
        ).peakMemory
      }
      let (small, large) = (try peak(50), try peak(500))
      #expect(small > 0)
      #expect(large - small < Self.allowance, "50 rows: \(small) bytes; 500 rows: \(large) bytes")
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
