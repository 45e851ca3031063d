import Caches
import Diagnostics
import Dispatch
import Files
import HDF5
import JSON
import Kernels
import TestSupport
import Testing

/// A build of 37 inputs of which every fifth has no row, 4 inputs a block.
private struct Build {
  let path: String
  var threads = 1
  /// Throws before this block.
  var stopsAt: Int?
  var inputs = 37

  func writer() throws -> CacheWriter {
    try CacheWriter(
      path: path, journalIdentity: "test", datasets: [RowDataset("rows", .uint8, rowShape: [3, 5], description: "r")],
      maximumRows: inputs, inputCount: inputs, inputsPerBlock: 4)
  }

  func run() throws {
    let writer = try writer()
    try writer.forEachBlock(threads: threads, SilentProgress()) { block, _ in
      if block == stopsAt { throw Interrupted() }
      let kept = writer.inputRange(ofBlock: block).filter { $0 % 5 != 0 }
      let bytes = kept.flatMap { input in (0..<15).map { UInt8(truncatingIfNeeded: input * 31 + $0 * 7) } }
      try writer.commit(block: block, rowCount: kept.count, note: "block \(block)\n\"quoted\"") {
        try $0.append(dataset: 0, bytes.byteSpan)
      }
    }
    let ids = (0..<inputs).filter { $0 % 5 != 0 }.map { Int64($0) }
    try writer.publish(
      Self.identity,
      columns: [
        NamedColumn("image_ids", .int64(ids), description: "ids"),
        NamedColumn("ledger/reasons", .text(["", "größe", "ok"]), description: "why"),
      ])
  }

  static let identity = CacheIdentity(
    format: "captioneer.test", formatVersion: 1, stage: "test", codeVersion: 3, configuration: ["size": 5],
    inputs: ["annotations": "abc"], splits: ["train", "val"])
}

@Suite struct CacheTests {
  private let folder: TemporaryFolder
  private let expected: [UInt8]
  /// Where the rows lie, in a partial file too.
  private let rows: Range<Int>

  init() throws {
    folder = try TemporaryFolder()
    try Build(path: folder.path + "/undisturbed.h5").run()
    expected = try contents(of: folder.path + "/undisturbed.h5")
    let dataset = try HDF5File(path: folder.path + "/undisturbed.h5").dataset("rows")
    rows = dataset.offset..<dataset.offset + dataset.shape.reduce(1, *)
  }

  @Test func whatWasWrittenIsRead() throws {
    let reader = try CacheReader(path: folder.path + "/undisturbed.h5", format: "captioneer.test")
    #expect(reader.identity == Build.identity)
    let rows = try reader.rows("rows")
    #expect(rows.shape == [29, 3, 5])
    #expect(rows.row(0).values(at: 0, count: 3, as: UInt8.self) == [31, 38, 45])
    #expect(try reader.text("ledger/reasons") == ["", "größe", "ok"])
    #expect(try reader.int64("image_ids").first == 1)
    try reader.verifyChecksums("rows")
  }

  /// Every byte of a cache is under a checksum: the seal's, or its row's.
  @Test func aTurnedBitAnywhereIsNoticed() throws {
    let path = folder.path + "/turned.h5"
    func read() throws {
      let reader = try CacheReader(path: path, format: "captioneer.test")
      try reader.verifyChecksums("rows")
    }
    let edges = [rows.lowerBound - 1, rows.lowerBound, rows.upperBound - 1, rows.upperBound]
    for place in edges + Array(stride(from: 0, to: expected.count, by: 97)) {
      var bytes = expected
      bytes[place] ^= UInt8(1 << (place % 8))
      try FileSystem.replace(path, with: bytes)
      let error = #expect(throws: InputError.self, "byte \(place)") { try read() }
      #expect(error?.file == path)
    }
    for count in stride(from: 0, to: expected.count, by: 1009) {
      try FileSystem.replace(path, with: Array(expected[..<count]))
      #expect(throws: InputError.self, "\(count) bytes") { try read() }
    }
    try FileSystem.replace(path, with: expected + [0])
    #expect(throws: InputError.self, "a byte too many") { try read() }
    try FileSystem.replace(path, with: expected)
    try read()
  }

  @Test(arguments: [1, 2, 5]) func threadsDoNotShow(threads: Int) throws {
    let path = folder.path + "/threads.h5"
    try Build(path: path, threads: threads).run()
    #expect(try contents(of: path) == expected)
  }

  @Test(arguments: [0, 1, 4, 9]) func anInterruptedBuildGoesOn(block: Int) throws {
    let path = folder.path + "/interrupted.h5"
    #expect(throws: Interrupted.self) { try Build(path: path, threads: 2, stopsAt: block).run() }
    #expect(!FileSystem.isFile(path))
    try Build(path: path, threads: 2).run()
    #expect(try contents(of: path) == expected)
    #expect(!FileSystem.isFile(path + ".journal"))
  }

  /// Block 3 fails while later blocks wait for their turn and earlier ones work: nobody hangs, and the failure is what is told.
  @Test(.timeLimit(.minutes(1)), arguments: [1, 2, 4]) func aFailureSendsTheWaitingAway(threads: Int) throws {
    let writer = try CacheWriter(
      path: folder.path + "/failing.h5", journalIdentity: "test",
      datasets: [RowDataset("rows", .uint8, rowShape: [1], description: "r")], maximumRows: 16, inputCount: 16,
      inputsPerBlock: 1)
    let isOthersTurn = DispatchSemaphore(value: 0)
    #expect(throws: InputError("block 3 is bad")) {
      try writer.forEachBlock(threads: threads, SilentProgress()) { block, _ in
        if block == 3 {
          if threads > 1 { isOthersTurn.wait() }
          throw InputError("block 3 is bad")
        }
        if block > 3 { isOthersTurn.signal() }
        let bytes = [UInt8(block)]
        try writer.commit(block: block, rowCount: 1, note: "") { try $0.append(dataset: 0, bytes.byteSpan) }
      }
    }
  }

  @Test func aDamagedBlockOrJournalIsDoneAgain() throws {
    let path = folder.path + "/damaged.h5"
    for (file, byte, intact) in [(".partial", rows.lowerBound + 70, 1), (".journal", 200, nil), (".journal", 3, 0)]
      as [(String, Int, Int?)]
    {
      #expect(throws: Interrupted.self) { try Build(path: path, stopsAt: 6).run() }
      var bytes = try contents(of: path + file)
      bytes[byte] ^= 1
      try FileSystem.replace(path + file, with: bytes)
      if let intact { #expect(try Build(path: path).writer().finishedBlocks == intact, "\(file) byte \(byte)") }
      try Build(path: path).run()
      #expect(try contents(of: path) == expected, "\(file) byte \(byte)")
    }
  }

  /// What a block's note says is under its line's checksum alone.
  @Test func aDamagedNoteIsNotBelieved() throws {
    let path = folder.path + "/note.h5"
    #expect(throws: Interrupted.self) { try Build(path: path, stopsAt: 6).run() }
    let journal = try FileSystem.readText(path + ".journal")
    let damaged = journal.replacing("block 2\\n", with: "block 3\\n")
    #expect(damaged != journal)
    try FileSystem.replace(path + ".journal", with: damaged)
    let writer = try Build(path: path).writer()
    #expect(writer.finishedBlocks == 2 && writer.note(ofBlock: 1).hasPrefix("block 1"))
  }

  /// Whoever edits an attribute and mends the seal has not mended the fingerprint.
  @Test func anEditedAttributeIsNoticed() throws {
    let path = folder.path + "/edited.h5"
    func isRefused(from old: String, to new: String) throws -> Bool {
      var bytes = expected
      let place = try #require(bytes.indices.first { bytes[$0...].starts(with: old.utf8) })
      bytes.replaceSubrange(place..<place + old.utf8.count, with: new.utf8)
      let end = bytes.count - 128
      let content = crc32c(Array(bytes[rows.upperBound..<end]), continuing: crc32c(Array(bytes[..<rows.lowerBound])))
      for (place, value) in [(end + 28, content), (end + 124, 0)] {
        let value = place == end + 124 ? crc32c(Array(bytes[end..<end + 124])) : value
        for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
      }
      try FileSystem.replace(path, with: bytes)
      do { _ = try CacheReader(path: path, format: "captioneer.test") } catch let error as InputError {
        #expect(error.problem == "its attributes do not give its fingerprint")
        return true
      }
      return false
    }
    #expect(try !isRefused(from: #"{"size":5}"#, to: #"{"size":5}"#), "the seal is mended")
    #expect(try isRefused(from: #"{"size":5}"#, to: #"{"size":6}"#))
    #expect(try isRefused(from: #"{"annotations":"abc"}"#, to: #"{"annotations":"abd"}"#))
  }

  @Test func aCutFileIsRefusedAtEveryLength() throws {
    let path = folder.path + "/cut.h5"
    for length in stride(from: 0, to: expected.count, by: 97) {
      try FileSystem.replace(path, with: Array(expected[..<length]))
      #expect(throws: InputError.self, "\(length) bytes") {
        let reader = try CacheReader(path: path, format: "captioneer.test")
        try reader.verifyChecksums("rows")
        _ = try reader.text("ledger/reasons")
      }
    }
  }

  @Test func otherFormatsAreNamed() throws {
    let error = #expect(throws: InputError.self) {
      try CacheReader(path: folder.path + "/undisturbed.h5", format: "captioneer.images")
    }
    #expect(error?.problem == "is a captioneer.test cache, expected captioneer.images")
  }

  @Test func aChangedRowIsNamed() throws {
    var bytes = expected
    let first = try #require((0..<bytes.count).first { bytes[$0...].starts(with: [31, 38, 45, 52]) })
    bytes[first + 16] ^= 1
    try FileSystem.replace(folder.path + "/changed.h5", with: bytes)
    let reader = try CacheReader(path: folder.path + "/changed.h5", format: "captioneer.test")
    let error = #expect(throws: InputError.self) { try reader.verifyChecksums("rows") }
    #expect(error?.location == "rows row 1")
  }
}
