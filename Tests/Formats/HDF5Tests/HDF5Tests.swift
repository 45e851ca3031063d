import Diagnostics
import Files
import HDF5
import TestSupport
import Testing

/// What Python makes of the same files is in Tests/References/check_caches.py.
@Suite struct HDF5Tests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/file.h5" }

  init() throws { folder = try TemporaryFolder() }

  /// Two reserved datasets, columns of every kind and attributes.
  private func write() throws -> [Skeleton.Extent] {
    let skeleton = try Skeleton()
    let extents = [
      try skeleton.reserve("rows", .uint8, shape: [3, 2, 5], description: "pixels"),
      try skeleton.reserve("more/rows", .float16, shape: [7], description: "halves"),
    ]
    try skeleton.write("bytes", .uint8([1, 255]), description: "u8")
    try skeleton.write("table", .int32([1, -2, 3, -4]), shape: [2, 2], description: "i32")
    try skeleton.write("group/ids", .int64([.min, .max]), description: "i64")
    try skeleton.write("sums", .uint32([.max]), description: "u32")
    try skeleton.write("words", .text(["", "größe", "<NULL>"]), description: "text")
    try skeleton.write("nothing", .text([]), description: "no text")
    try skeleton.setAttribute("format", "captioneer.test")
    try skeleton.setAttribute("splits", ["train", "val"])
    try skeleton.setAttribute("version", -3)
    let output = try OutputFile(path: path)
    let end = try skeleton.copyMetadata(to: output)
    try output.truncate(to: end)
    try output.write([UInt8](0..<30).byteSpan, at: extents[0].offset)
    try output.publish()
    return extents
  }

  @Test func whatIsWrittenIsRead() throws {
    let extents = try write()
    let file = try HDF5File(path: path)
    #expect(try file.uint8("bytes") == [1, 255])
    #expect(try file.int32("table") == [1, -2, 3, -4])
    #expect(try file.dataset("table").shape == [2, 2])
    #expect(try file.int64("group/ids") == [.min, .max])
    #expect(try file.uint32("sums") == [.max])
    #expect(try file.text("words") == ["", "größe", "<NULL>"])
    #expect(try file.text("nothing") == [])
    #expect(try file.texts(attribute: "format") == ["captioneer.test"])
    #expect(try file.texts(attribute: "splits") == ["train", "val"])
    #expect(try file.integer(attribute: "version") == -3)
    #expect(try file.integer(attribute: "none") == nil && file.texts(attribute: "none") == nil)
    #expect(try file.has("group/ids") && !file.has("group/other") && !file.has("none/at/all"))

    let rows = try file.dataset("rows")
    #expect(rows.type == .uint8 && rows.shape == [3, 2, 5] && rows.offset == extents[0].offset)
    #expect(try file.dataset("more/rows").type == .float16)
    let map = try MappedFile(path: path)
    let last = map.bytes.value(at: rows.offset + 29, as: UInt8.self)
    #expect(last == 29)
  }

  @Test func reservedRowsAreAlignedAndApart() throws {
    let extents = try write()
    #expect(extents.allSatisfy { $0.offset % Skeleton.alignment == 0 && $0.offset > 0 })
    #expect(extents.map(\.byteCount) == [30, 14])
    #expect(extents[1].offset >= extents[0].offset + extents[0].byteCount)
  }

  @Test func equalContentGivesEqualBytes() throws {
    _ = try write()
    let bytes = try contents(of: path)
    _ = try write()
    #expect(try contents(of: path) == bytes)
  }

  /// Whatever a file is cut to, it is refused or read, with one error, and nothing crashes.
  @Test func aFileThatIsCutShortIsRefused() throws {
    _ = try write()
    let bytes = try contents(of: path)
    for count in [0, 1, 8, 100, bytes.count / 2, bytes.count - 1] {
      try FileSystem.replace(path, with: Array(bytes[..<count]))
      let error = #expect(throws: InputError.self) { try HDF5File(path: path) }
      #expect(error?.file == path && error?.remedy != nil, "\(count) bytes")
    }
  }

  @Test func theWrongTypeOrNameIsAnError() throws {
    _ = try write()
    let file = try HDF5File(path: path)
    #expect(throws: InputError.self) { try file.int32("bytes") }
    #expect(throws: InputError.self) { try file.text("bytes") }
    #expect(throws: InputError.self) { try file.int64("none") }
    #expect(throws: InputError.self) { try file.dataset("group") }
  }
}
