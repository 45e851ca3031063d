import Diagnostics
import Files
import JSON
import Kernels
import Synchronization

/// The record of finished blocks beside a partial cache, one line each with a checksum of its own, so that a torn last line is known
/// as one.
final class Journal: Sendable {
  struct Block: Sendable {
    var index: Int
    var firstRow: Int
    var rowCount: Int
    /// CRC32C over the checksums of the block's rows.
    var checksum: UInt32
    var note: String

    var json: JSONValue {
      [
        "block": .integer(index), "first_row": .integer(firstRow), "rows": .integer(rowCount),
        "crc32c": .integer(Int(checksum)), "note": .string(note),
      ]
    }

    init(index: Int, firstRow: Int, rowCount: Int, checksum: UInt32, note: String) {
      self.index = index
      self.firstRow = firstRow
      self.rowCount = rowCount
      self.checksum = checksum
      self.note = note
    }

    init?(_ json: JSONValue) {
      guard let index = json["block"]?.integer, let firstRow = json["first_row"]?.integer,
        let rowCount = json["rows"]?.integer, let checksum = json["crc32c"]?.integer.flatMap({ UInt32(exactly: $0) }),
        let note = json["note"]?.string
      else { return nil }
      self.init(index: index, firstRow: firstRow, rowCount: rowCount, checksum: checksum, note: note)
    }
  }

  private let file: RecordFile
  var path: String { file.path }
  private let end: Mutex<Int>

  /// The finished prefix of blocks that an earlier run of the same work recorded.
  static func read(_ path: String, identity: String) throws -> [Block] {
    // What can't be read is an error: only where there is none is there nothing to go on from.
    guard try FileSystem.status(of: path) != nil else { return [] }
    let text = try FileSystem.readText(path)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().makeIterator()
    guard let first = lines.next(), content(first) == header(identity) else { return [] }
    var found: [Int: Block] = [:]
    while let line = lines.next() {
      guard let json = content(line).flatMap({ try? JSONValue(parsing: $0) }), let block = Block(json) else { continue }
      found[block.index] = block
    }
    var prefix: [Block] = []
    var row = 0
    while let block = found[prefix.count], block.firstRow == row {
      prefix.append(block)
      row += block.rowCount
    }
    return prefix
  }

  /// Starts the journal anew with the blocks that are known to be good.
  init(path: String, identity: String, blocks: [Block]) throws {
    let text = Self.line(Self.header(identity)) + blocks.map { Self.line($0.json.canonical) }.joined()
    file = try RecordFile(path: path, startingWith: text)
    end = Mutex(text.utf8.count)
  }

  func append(_ block: Block) throws {
    let line = Self.line(block.json.canonical)
    try end.withLock { end in
      try file.write(line, at: end)
      end += line.utf8.count
    }
  }

  private static func header(_ identity: String) -> String {
    JSONValue.object([.init("journal", 1), .init("identity", .string(identity))]).canonical
  }

  private static func line(_ content: String) -> String {
    "\(crc32c(Array(content.utf8))) \(content)\n"
  }

  /// A line's content where its checksum holds.
  private static func content(_ line: Substring) -> String? {
    guard let space = line.firstIndex(of: " "), let checksum = UInt32(line[..<space]) else { return nil }
    let content = String(line[line.index(after: space)...])
    return crc32c(Array(content.utf8)) == checksum ? content : nil
  }
}
