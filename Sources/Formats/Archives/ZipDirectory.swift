package import Diagnostics
import Files

/// One file in a zip archive.
package struct ZipEntry: Equatable, Sendable {
  package let name: String
  /// Bytes as stored, and once unpacked.
  package let storedCount, count: Int
  package let checksum: UInt32  // CRC-32
  /// 0 stored, 8 deflated.
  package let method: Int
  package let isEncrypted: Bool
  let headerOffset: Int

  package var isStored: Bool { method == 0 && !isEncrypted }
}

/// The directory at the end of a zip file, zip64 too. Which entries can be used is for whoever reads them to say.
package struct ZipDirectory {
  /// The files, in the directory's order; folders are left out.
  package private(set) var entries: [ZipEntry] = []

  /// - Parameter remedy: what to do about a file that is no whole zip file.
  /// - Throws: `InputError` for bytes that are no zip file, or one that is cut short or damaged.
  package init(
    bytes: RawSpan, path: String, remedy: String = "fetch the archive again; it must be a whole zip file"
  ) throws(InputError) {
    func fail(_ problem: String) -> InputError { InputError(file: path, problem, remedy: remedy) }
    func short(_ offset: Int) -> Int { Int(bytes.value(at: offset, as: UInt16.self)) }
    func long(_ offset: Int) -> Int { Int(bytes.value(at: offset, as: UInt32.self)) }
    func wide(_ offset: Int) -> Int { Int(clamping: bytes.value(at: offset, as: UInt64.self)) }

    // The end record may be followed by a comment of up to 64 kB.
    var end = bytes.byteCount - 22
    while end >= max(0, bytes.byteCount - 22 - 65535), long(end) != 0x0605_4B50 { end -= 1 }
    guard end >= 0, long(end) == 0x0605_4B50 else {
      throw fail("is no zip file, or is cut short: no directory at its end")
    }
    var count = short(end + 10)
    var start = long(end + 16)
    // zip64: a locator before the end record points to a wider one.
    if count == 0xFFFF || start == 0xFFFF_FFFF || long(end + 12) == 0xFFFF_FFFF, end >= 20,
      long(end - 20) == 0x0706_4B50
    {
      let record = wide(end - 12)
      guard record >= 0, record <= end - 20 - 56, long(record) == 0x0606_4B50 else {
        throw fail("has a damaged zip64 directory")
      }
      count = wide(record + 32)
      start = wide(record + 48)
    }

    var offset = start
    guard count <= bytes.byteCount / 46 else { throw fail("claims \(count) entries, more than it has room for") }
    entries.reserveCapacity(count)
    for number in 0..<count {
      guard offset >= 0, offset <= end - 46, long(offset) == 0x0201_4B50 else {
        throw fail("has a damaged directory: entry \(number) of \(count) is not at byte \(offset)")
      }
      let flags = short(offset + 8)
      let method = short(offset + 10)
      let checksum = bytes.value(at: offset + 16, as: UInt32.self)
      var (stored, size, header) = (long(offset + 20), long(offset + 24), long(offset + 42))
      let (nameCount, extraCount, commentCount) = (short(offset + 28), short(offset + 30), short(offset + 32))
      let next = offset + 46 + nameCount + extraCount + commentCount
      guard next <= end else { throw fail("has a damaged directory: entry \(number) of \(count) is too long") }
      // Numbers that are too large for 32 bits stand in an extra field, in this order.
      var extra = offset + 46 + nameCount
      let extraEnd = extra + extraCount
      while extra + 4 <= extraEnd {
        let (kind, length) = (short(extra), short(extra + 2))
        guard extra + 4 + length <= extraEnd else { break }
        if kind == 1 {
          var at = extra + 4
          let fieldEnd = at + length
          func widen(_ number: Int) -> Int {
            guard number == 0xFFFF_FFFF, at + 8 <= fieldEnd else { return number }
            defer { at += 8 }
            return wide(at)
          }
          size = widen(size)
          stored = widen(stored)
          header = widen(header)
        }
        extra += 4 + length
      }
      let name = String(
        decoding: bytes.values(at: offset + 46, count: nameCount, as: UInt8.self), as: UTF8.self)
      offset = next
      if name.hasSuffix("/") { continue }
      // Encryption adds bytes of its own, and is told of where the entry is read.
      let isEncrypted = flags & 1 != 0
      guard method != 0 || isEncrypted || stored == size, (0...bytes.byteCount).contains(stored), size >= 0,
        header >= 0,
        header <= bytes.byteCount, method != 8 || size / 1100 <= stored
      else { throw fail("has a damaged directory: \(name) can't have \(size) bytes at byte \(header)") }
      entries.append(
        ZipEntry(
          name: name, storedCount: stored, count: size, checksum: checksum, method: method, isEncrypted: isEncrypted,
          headerOffset: header))
    }
  }

  /// Where the entry's bytes lie in the archive's `bytes`: behind its local header, whose lengths may differ from the directory's.
  ///
  /// - Throws: `InputError` about the entry.
  package static func range(
    of entry: ZipEntry, in bytes: RawSpan, path: String, remedy: String = "fetch the archive again"
  ) throws(InputError) -> Range<Int> {
    func fail(_ problem: String) -> InputError {
      InputError(file: path, at: entry.name, "the entry \(problem)", remedy: remedy)
    }
    let header = entry.headerOffset
    guard header <= bytes.byteCount - 30, bytes.value(at: header, as: UInt32.self) == 0x0403_4B50 else {
      throw fail("has no header")
    }
    let nameCount = Int(bytes.value(at: header + 26, as: UInt16.self))
    let extraCount = Int(bytes.value(at: header + 28, as: UInt16.self))
    let start = header + 30 + nameCount + extraCount
    guard start <= bytes.byteCount, entry.storedCount <= bytes.byteCount - start else {
      throw fail("reaches beyond the file")
    }
    return start..<start + entry.storedCount
  }
}
