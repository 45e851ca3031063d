import Diagnostics
import Files
import HDF5
import TestSupport
import Testing

/// What is laid out in memory is what gets to the disk, or an error.
@Suite struct SkeletonTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/file.h5" }

  init() throws { folder = try TemporaryFolder() }

  private func layOut(_ skeleton: Skeleton) throws -> Skeleton.Extent {
    let extent = try skeleton.reserve("rows", .float32, shape: [5, 3], description: "rows")
    try skeleton.write("ids", .int64((0..<4000).map { Int64($0) * 3 }), description: "ids")
    try skeleton.write("ledger/names", .text((0..<3000).map { "photograph \($0).jpg" }), description: "names")
    try skeleton.setAttribute("format", "captioneer.test")
    try skeleton.setAttribute("splits", ["train", "größe"])
    try skeleton.setAttribute("version", 7)
    return extent
  }

  /// Memory that ends at any page: an error, never a file without what could not be kept, never a crash.
  @Test func memoryThatEndsIsNoticed() throws {
    var shortages = 0
    for most in stride(from: 0, to: 400_000, by: 4096) {
      do {
        let skeleton = try Skeleton(mostBytes: most)
        _ = try layOut(skeleton)
        let output = try OutputFile(path: path)
        _ = try skeleton.copyMetadata(to: output)
        try skeleton.check(output)
        try output.publish()
      } catch let error as InputError {
        shortages += 1
        #expect(error.problem.contains("memory ran out"), "\(most) bytes: \(error)")
        #expect(error.errorNumber != nil)
      }
    }
    #expect(shortages > 20 && shortages < 95, "the limit is met in the midst")
    #expect(try HDF5File(path: path).int64("ids").last == 11_997)
  }

  /// Every byte of what was written counts: turned, it is noticed when it is read back, or it changes nothing that is read.
  @Test func aByteThatIsNotWhatWasWrittenIsNoticed() throws {
    let skeleton = try Skeleton()
    let extent = try layOut(skeleton)
    let output = try OutputFile(path: path)
    let end = try skeleton.copyMetadata(to: output)
    try skeleton.check(output)
    let map = try output.mapped()
    let bytes = map.bytes.values(at: 0, count: map.count, as: UInt8.self)
    #expect(bytes.count == end)
    // Numbers and texts as they lie in the file.
    let places = [
      try #require(find([0x03, 0, 0, 0, 0, 0, 0, 0, 0x06, 0, 0, 0, 0, 0, 0, 0], in: bytes)),
      try #require(find(Array("photograph 2999.jpg".utf8), in: bytes)),
      try #require(find(Array("größe".utf8), in: bytes)),
      try #require(find(Array("captioneer.test".utf8), in: bytes)),
    ]
    for place in places {
      try output.write([bytes[place] ^ 1].byteSpan, at: place)
      let error = #expect(throws: InputError.self, "byte \(place)") { try skeleton.check(output) }
      #expect(error?.file == path && error?.remedy != nil)
      try output.write([bytes[place]].byteSpan, at: place)
      try skeleton.check(output)
    }
    // What a lost page looks like: zeros.
    for page in stride(from: 0, to: end, by: 4096) where !(page...page + 4095).contains(extent.offset) {
      let count = min(4096, end - page)
      guard bytes[page..<page + count].contains(where: { $0 != 0 }) else { continue }
      try output.write([UInt8](repeating: 0, count: count).byteSpan, at: page)
      #expect(throws: InputError.self, "page \(page)") { try skeleton.check(output) }
      try output.write(bytes.byteSpan.extracting(page..<page + count), at: page)
    }
    try skeleton.check(output)
  }

  /// Texts end at NUL for libhdf5: what can't be stored as it is is not stored as something else.
  @Test func textThatCannotBeStoredIsRefused() throws {
    let skeleton = try Skeleton()
    try skeleton.write("names", .text(["a\u{0}b"]), description: "names")
    let output = try OutputFile(path: path)
    _ = try skeleton.copyMetadata(to: output)
    #expect(throws: InputError.self) { try skeleton.check(output) }
  }

  /// 10 TB of rows cost the memory of a layout.
  @Test func rowsCostNothing() throws {
    let skeleton = try Skeleton(mostBytes: 16 * 4096)
    let extent = try skeleton.reserve("rows", .float32, shape: [1_000_000_000, 2500], description: "rows")
    #expect(extent.byteCount == 10_000_000_000_000)
    let after = try skeleton.reserve("more", .uint8, shape: [7], description: "rows")
    #expect(after.offset >= extent.offset + extent.byteCount)
  }

  private func find(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
    (0...bytes.count - pattern.count).first {
      bytes[$0] == pattern[0] && bytes[$0..<$0 + pattern.count].elementsEqual(pattern)
    }
  }
}
