import CZlib
import Diagnostics
import Files

#if canImport(Glibc)
  import Glibc
#endif

/// A zip file, read in place: the directory at once, the entries when they are asked for. Archives beyond 4 GB (zip64) too.
///
/// Format: PKWARE's APPNOTE 6.3, without encryption and without archives in several parts.
package final class ZipArchive: Sendable {
  package let path: String
  /// The files, in the directory's order; folders are left out.
  package let entries: [ZipEntry]
  private let file: MappedFile

  /// - Throws: `InputError` for a file that is missing, no zip file or cut short.
  package init(path: String) throws {
    self.path = path
    let file = try MappedFile(path: path)
    self.file = file
    entries = try ZipDirectory(bytes: file.bytes, path: path).entries
    for entry in entries {
      func fail(_ problem: String) -> InputError {
        InputError(file: path, problem, remedy: "fetch the archive again; it must be a whole zip file")
      }
      guard !entry.isEncrypted else { throw fail("has an encrypted entry: \(entry.name)") }
      guard entry.method == 0 || entry.method == 8 else {
        throw fail("packs \(entry.name) by method \(entry.method); stored (0) and deflated (8) entries can be read")
      }
    }
    file.discard(0..<file.count)
  }

  /// Calls `body` with the unpacked bytes of `entry`: in place where they are stored, else by way of `buffer`. The entry's own pages are
  /// given back afterwards, so that a pass over an archive of any size takes no more memory than its largest entry.
  ///
  /// - Parameter limit: bytes that an entry may have; more are refused, whatever the directory says.
  /// - Throws: `InputError` where the entry is damaged or too large; what `body` throws.
  package func withBytes<Result>(
    of entry: ZipEntry, buffer: inout [UInt8], limit: Int = FileSystem.wholeFileLimit,
    _ body: (RawSpan) throws -> Result
  ) throws -> Result {
    guard max(entry.count, entry.storedCount) <= limit else {
      throw InputError(
        file: path, at: entry.name,
        "the entry has \(max(entry.count, entry.storedCount)) bytes, more than the \(limit) that a photograph may have")
    }
    let file = file
    let range = try ZipDirectory.range(of: entry, in: file.bytes, path: path)
    defer { file.discard(entry.headerOffset..<range.upperBound) }
    let stored = file.bytes.extracting(range)
    guard entry.method != 0 else {
      try verify(stored, entry)
      return try body(stored)
    }
    try inflate(stored, entry, into: &buffer)
    let unpacked = buffer.byteSpan.extracting(first: entry.count)
    try verify(unpacked, entry)
    return try body(unpacked)
  }

  private func verify(_ bytes: RawSpan, _ entry: ZipEntry) throws {
    let found = unsafe bytes.withUnsafeBytes {
      unsafe crc32_z(0, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
    }
    // crc32_z of nothing at a null pointer is the initial value, 0: right for an empty file.
    guard UInt32(found) == entry.checksum else { throw damaged(entry, "does not match its checksum") }
  }

  /// Unpacks piece by piece: `buffer` grows as bytes come, not as the directory claims.
  private func inflate(_ packed: RawSpan, _ entry: ZipEntry, into buffer: inout [UInt8]) throws {
    var stream = unsafe z_stream()
    guard unsafe inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw InputError(file: path, at: entry.name, "there is no memory to unpack it", errorNumber: ENOMEM)
    }
    defer { unsafe inflateEnd(&stream) }
    var status = Z_OK
    var done = 0
    unsafe packed.withUnsafeBytes { source in
      unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
      unsafe stream.avail_in = UInt32(clamping: source.count)
      repeat {
        // One byte of room beyond the claim tells an entry that has more.
        let room = min(entry.count + 1, max(buffer.count, Self.firstRoom, 2 * done))
        if buffer.count < room { buffer += [UInt8](repeating: 0, count: room - buffer.count) }
        unsafe buffer.withUnsafeMutableBufferPointer { target in
          unsafe stream.next_out = target.baseAddress! + done
          unsafe stream.avail_out = UInt32(clamping: room - done)
          status = unsafe CZlib.inflate(&stream, Z_NO_FLUSH)
          unsafe done = room - Int(stream.avail_out)
        }
      } while unsafe status == Z_OK && stream.avail_out == 0 && done <= entry.count
    }
    guard status == Z_STREAM_END, done == entry.count else { throw damaged(entry, "can't be unpacked") }
  }

  private static let firstRoom = 1 << 18

  private func damaged(_ entry: ZipEntry, _ problem: String) -> InputError {
    InputError(file: path, at: entry.name, "the entry \(problem)", remedy: "fetch the archive again")
  }
}
