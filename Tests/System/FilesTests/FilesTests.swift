import Diagnostics
import Files
import TestSupport
import Testing

private func content(_ path: String) throws -> [UInt8] {
  let map = try MappedFile(path: path)
  return map.bytes.values(at: 0, count: map.count)
}

@Suite struct FilesTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/file" }

  init() throws { folder = try TemporaryFolder() }

  @Test func aReplacedFileIsTheOldOneOrTheNewOne() throws {
    try FileSystem.replace(path, with: "old")
    let reader = try MappedFile(path: path)
    try FileSystem.replace(path, with: "new content")
    let kept: [UInt8] = reader.bytes.values(at: 0, count: reader.count)
    #expect(kept == Array("old".utf8), "whoever reads keeps what he opened")
    #expect(try FileSystem.readText(path) == "new content")
    #expect(try FileSystem.list(folder.path) == ["file"], "nothing is left beside it")
  }

  @Test func aFolderInTheWayIsNamed() throws {
    try FileSystem.makeFolder(path)
    let error = #expect(throws: InputError.self) { try FileSystem.replace(path, with: "text") }
    #expect(error?.file == path)
    #expect(try FileSystem.list(folder.path) == ["file"])
  }

  @Test func oneFileHasOneWriter() throws {
    let first = try OutputFile(path: path)
    let error = #expect(throws: InputError.self) { try OutputFile(path: path, keepsContent: true) }
    #expect(error?.problem == "another process is making this file")
    try first.write(Array("whole".utf8).byteSpan, at: 3)
    try first.publish()
    #expect(try content(path) == [0, 0, 0] + Array("whole".utf8))
    #expect(try FileSystem.list(folder.path) == ["file"])
  }

  @Test func windowsCoverTheFileOnce() throws {
    let count = 2_500_000
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 31 >> 3) }
    try FileSystem.replace(path, with: bytes)
    var seen: [UInt8] = []
    let map = try MappedFile(path: path)
    map.forEachWindow { seen += $0.values(at: 0, count: $0.byteCount, as: UInt8.self) }
    #expect(seen == bytes)
    map.discard(0..<count)
    let last: UInt8 = map.bytes.value(at: count - 1)
    #expect(last == bytes[count - 1], "what was given back comes again")
  }

  @Test func emptyMissingAndOddFiles() throws {
    try FileSystem.replace(path, with: [UInt8]())
    #expect(try MappedFile(path: path).count == 0)
    for bad in [folder.path + "/none", folder.path] {
      #expect(throws: InputError.self) { try MappedFile(path: bad) }
    }
  }

  @Test func paths() {
    #expect(FileSystem.folder(of: "/a/b.jpg") == "/a" && FileSystem.folder(of: "b.jpg") == ".")
    #expect(FileSystem.name(of: "/a/b.jpg") == "b.jpg" && FileSystem.join("/a/", "b") == "/a/b")
  }

  @Test func numbersInOrderOfBytes() {
    let bytes: [UInt8] = [1, 2, 3, 4, 255, 255, 255, 255, 0]
    let first = bytes.byteSpan.value(at: 0, as: UInt32.self)
    let ones = bytes.byteSpan.value(at: 4, as: Int32.self)
    let pair = bytes.byteSpan.values(at: 1, count: 2, as: UInt16.self)
    #expect(first == 0x0403_0201 && ones == -1 && pair == [0x0302, 0xFF04])
  }
}
