import Diagnostics
import Files
public import HDF5
import JSON
import Kernels

/// A published cache: small datasets as arrays, large ones in place.
public final class CacheReader: Sendable {
  /// The newest format version this code reads.
  public static let newestFormatVersion = 1

  public let path: String
  public let identity: CacheIdentity
  public let fingerprint: String
  private let file: HDF5File
  private let map: MappedFile

  /// - Throws: `InputError` for a file that is missing, cut short, no cache, of another format or newer than this code.
  public init(path: String, format: String) throws {
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

  public func has(_ name: String) throws -> Bool { try file.has(name) }
  public func uint8(_ name: String) throws -> [UInt8] { try file.uint8(name) }
  public func int32(_ name: String) throws -> [Int32] { try file.int32(name) }
  public func int64(_ name: String) throws -> [Int64] { try file.int64(name) }
  public func uint32(_ name: String) throws -> [UInt32] { try file.uint32(name) }
  public func text(_ name: String) throws -> [String] { try file.text(name) }

  /// A dataset's rows where they lie.
  public func rows(_ name: String) throws -> MappedRows {
    let found = try file.dataset(name)
    let rowByteCount = found.shape.dropFirst().reduce(found.type.byteCount, *)
    guard let count = found.shape.first, found.offset + count * rowByteCount <= map.count else {
      throw InputError(
        file: path, at: name, "ends before its last row: the file has \(map.count) bytes",
        remedy: "it was cut; build the cache again")
    }
    return MappedRows(
      name: name, path: path, elementType: found.type, shape: found.shape, rowByteCount: rowByteCount, map: map,
      offset: found.offset)
  }

  /// The stored CRC32C of each row of `name`.
  public func checksums(_ name: String) throws -> [UInt32] { try file.uint32("integrity/\(name)") }

  /// Reads every row of every large dataset and compares it with its checksum.
  public func verifyChecksums() throws {
    for name in ["images", "tokens", "pooled", "grid"] where try has("integrity/\(name)") { try verifyChecksums(name) }
  }

  /// Reads every row of `name` and compares it with its checksum.
  public func verifyChecksums(_ name: String) throws {
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
public struct MappedRows: Sendable {
  public let name: String
  public let path: String
  public let elementType: ElementType
  /// With the leading row count.
  public let shape: [Int]
  public let rowByteCount: Int
  let map: MappedFile
  let offset: Int

  public var rowCount: Int { shape[0] }

  /// All rows.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      map.bytes.extracting(offset..<offset + rowCount * rowByteCount)
    }
  }

  /// Row `index`.
  @_lifetime(borrow self)
  public func row(_ index: Int) -> RawSpan {
    map.bytes.extracting(offset + index * rowByteCount..<offset + (index + 1) * rowByteCount)
  }

  /// Consecutive rows.
  @_lifetime(borrow self)
  public func rows(_ range: Range<Int>) -> RawSpan {
    map.bytes.extracting(offset + range.lowerBound * rowByteCount..<offset + range.upperBound * rowByteCount)
  }

  /// Gives the memory of rows back that were read and are not needed again, so that a pass over a large cache stays small.
  public func discard(_ range: Range<Int>) {
    map.discard(offset + range.lowerBound * rowByteCount..<offset + range.upperBound * rowByteCount)
  }

  /// All elements of a float32 dataset; the rows are page aligned.
  public var floats: Span<Float> {
    @_lifetime(borrow self)
    get {
      precondition(elementType == .float32, "only float32 rows are floats")
      return Span<Float>(_bytes: bytes)
    }
  }

  /// Compares a copy of row `index` with its checksum: whoever may change the file can't change the copy after it was looked at.
  public func confirm(_ copy: RawSpan, isRow index: Int, _ checksums: [UInt32]) throws {
    guard checksums.count == rowCount, crc32c(copy) == checksums[index] else {
      throw InputError(
        file: path, at: "\(name) row \(index)", "does not match its checksum", remedy: "build the cache again")
    }
  }

  /// Compares rows with their checksums, as `CacheReader.checksums` gives them.
  public func verify(_ range: Range<Int>, _ checksums: [UInt32]) throws {
    guard checksums.count == rowCount else {
      throw InputError(file: path, at: name, "has \(checksums.count) checksums for \(rowCount) rows")
    }
    for index in range where crc32c(row(index)) != checksums[index] {
      throw InputError(
        file: path, at: "\(name) row \(index)", "does not match its checksum", remedy: "build the cache again")
    }
  }
}
