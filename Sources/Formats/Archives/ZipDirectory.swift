import Diagnostics
import Files

/// The directory at the end of a zip file.
struct ZipDirectory {
  var entries: [ZipEntry] = []

  init(bytes: RawSpan, path: String) throws(InputError) {
    func fail(_ problem: String) -> InputError {
      InputError(file: path, problem, remedy: "fetch the archive again; it must be a whole zip file")
    }
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
      guard flags & 1 == 0 else { throw fail("has an encrypted entry: \(name)") }
      guard method == 0 || method == 8 else {
        throw fail("packs \(name) by method \(method); stored (0) and deflated (8) entries can be read")
      }
      guard method != 0 || stored == size, (0...bytes.byteCount).contains(stored), size >= 0, header >= 0,
        header <= bytes.byteCount, size / 1100 <= stored
      else { throw fail("has a damaged directory: \(name) can't have \(size) bytes at byte \(header)") }
      entries.append(
        ZipEntry(
          name: name, storedCount: stored, count: size,
          checksum: checksum,
          method: method, headerOffset: header))
    }
  }
}
