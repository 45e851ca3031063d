import Diagnostics
import Files
import HDF5
import JSON
import Kernels

/// A published cache: small datasets as arrays, large ones in place.
package final class CacheReader: Sendable {
  /// The newest format version this code reads.
  package static let newestFormatVersion = 1

  package let path: String
  package let identity: CacheIdentity
  package let fingerprint: String
  private let file: HDF5File
  private let map: MappedFile

  /// - Throws: `InputError` for a file that is missing, cut short, no cache, of another format or newer than this code.
  package init(path: String, format: String) throws {
    map = try MappedFile(path: path)
    try Seal.check(map)
    let file = try HDF5File(map)
    func text(_ name: String) throws -> String {
      guard let text = try file.texts(attribute: name)?.first else {
        throw InputError(
          file: path, "is HDF5 but no cache: it has no text attribute '\(name)'", remedy: "give a \(format) cache")
      }
      return text
    }
    let found = try text("format")
    guard found == format else {
      throw InputError(file: path, "is a \(found) cache, expected \(format)", remedy: "check the order of the options")
    }
    let version = try file.integer(attribute: "format_version") ?? 0
    guard version <= Self.newestFormatVersion else {
      throw InputError(
        file: path, "has format version \(version), this program reads up to \(Self.newestFormatVersion)",
        remedy: "use a newer program, or build the cache again")
    }
    identity = CacheIdentity(
      format: found, formatVersion: version, stage: try text("stage"),
      codeVersion: try file.integer(attribute: "code_version") ?? 0,
      configuration: try JSONValue(parsing: try text("configuration"), file: path),
      inputs: try JSONValue(parsing: try text("inputs"), file: path),
      splits: try file.texts(attribute: "splits") ?? [])
    fingerprint = try text("fingerprint")
    guard identity.fingerprint == fingerprint else {
      throw InputError(
        file: path, "its attributes do not give its fingerprint", remedy: "it was edited; build it again")
    }
    self.file = file
    self.path = path
  }

  package func has(_ name: String) throws -> Bool { try file.has(name) }
  package func uint8(_ name: String) throws -> [UInt8] { try file.uint8(name) }
  package func int32(_ name: String) throws -> [Int32] { try file.int32(name) }
  package func int64(_ name: String) throws -> [Int64] { try file.int64(name) }
  package func uint32(_ name: String) throws -> [UInt32] { try file.uint32(name) }
  package func text(_ name: String) throws -> [String] { try file.text(name) }
  /// The line for people that is stored with a dataset.
  package func description(of dataset: String) throws -> String? { try file.description(of: dataset) }

  /// A dataset's rows where they lie.
  package func rows(_ name: String) throws -> MappedRows {
    let found = try file.dataset(name)
    let rowByteCount = found.shape.dropFirst().reduce(found.type.byteCount, *)
    guard let count = found.shape.first, found.offset + count * rowByteCount <= map.count else {
      throw InputError(
        file: path, at: name, "ends before its last row: the file has \(map.count) bytes",
        remedy: "it was cut; build the cache again")
    }
    return MappedRows(
      name: name, path: path, elementType: RowElement(stored: found.type), shape: found.shape,
      rowByteCount: rowByteCount, map: map,
      offset: found.offset)
  }

  /// The stored CRC32C of each row of `name`.
  package func checksums(_ name: String) throws -> [UInt32] { try file.uint32("integrity/\(name)") }

  /// Reads every row of every large dataset and compares it with its checksum.
  package func verifyChecksums() throws {
    for name in ["images", "tokens", "pooled", "grid"] where try has("integrity/\(name)") { try verifyChecksums(name) }
  }

  /// Reads every row of `name` and compares it with its checksum.
  package func verifyChecksums(_ name: String) throws {
    let (rows, checksums) = (try rows(name), try checksums(name))
    // A few megabytes at once, so that a pass over a large cache stays small.
    let step = max(1, (4 << 20) / max(1, rows.rowByteCount))
    for start in stride(from: 0, to: rows.rowCount, by: step) {
      let range = start..<min(rows.rowCount, start + step)
      try rows.verify(range, checksums)
      rows.discard(range)
    }
  }
}

/// Rows of a dataset in a mapped file.
package struct MappedRows: Sendable {
  package let name: String
  package let path: String
  package let elementType: RowElement
  /// With the leading row count.
  package let shape: [Int]
  package let rowByteCount: Int
  let map: MappedFile
  /// Of the first row in the file, in bytes.
  package let offset: Int

  package var rowCount: Int { shape[0] }

  /// All rows.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      map.bytes.extracting(offset..<offset + rowCount * rowByteCount)
    }
  }

  /// Row `index`.
  @_lifetime(borrow self)
  package func row(_ index: Int) -> RawSpan {
    map.bytes.extracting(offset + index * rowByteCount..<offset + (index + 1) * rowByteCount)
  }

  /// Consecutive rows.
  @_lifetime(borrow self)
  package func rows(_ range: Range<Int>) -> RawSpan {
    map.bytes.extracting(offset + range.lowerBound * rowByteCount..<offset + range.upperBound * rowByteCount)
  }

  /// Gives the memory of rows back that were read and are not needed again, so that a pass over a large cache stays small.
  package func discard(_ range: Range<Int>) {
    map.discard(offset + range.lowerBound * rowByteCount..<offset + range.upperBound * rowByteCount)
  }

  /// All elements of a float32 dataset; the rows are page aligned.
  package var floats: Span<Float> {
    @_lifetime(borrow self)
    get {
      precondition(elementType == .float32, "only float32 rows are floats")
      return Span<Float>(_bytes: bytes)
    }
  }

  /// Compares a copy of row `index` with its checksum: whoever may change the file can't change the copy after it was looked at.
  package func confirm(_ copy: RawSpan, isRow index: Int, _ checksums: [UInt32]) throws {
    guard checksums.count == rowCount, crc32c(copy) == checksums[index] else {
      throw InputError(
        file: path, at: "\(name) row \(index)", "does not match its checksum", remedy: "build the cache again")
    }
  }

  /// Compares rows with their checksums, as `CacheReader.checksums` gives them.
  package func verify(_ range: Range<Int>, _ checksums: [UInt32]) throws {
    guard checksums.count == rowCount else {
      throw InputError(file: path, at: name, "has \(checksums.count) checksums for \(rowCount) rows")
    }
    for index in range where crc32c(row(index)) != checksums[index] {
      throw InputError(
        file: path, at: "\(name) row \(index)", "does not match its checksum", remedy: "build the cache again")
    }
  }
}
