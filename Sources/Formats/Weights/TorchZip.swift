import Diagnostics
import Files

/// The entries of a zip file that torch wrote: stored, never compressed. Archives of photographs are `Archives`' matter.
struct TorchZip {
  /// In the central directory's order.
  let entries: [(name: String, bytes: Range<Int>)]

  init(_ bytes: RawSpan, path: String) throws(InputError) {
    func fail(_ place: String, _ problem: String) -> InputError {
      InputError(file: path, at: place, problem, remedy: "give a whole file written by torch.save")
    }
    func short(_ offset: Int) -> Int { Int(bytes.value(at: offset, as: UInt16.self)) }
    func long(_ offset: Int) -> Int { Int(bytes.value(at: offset, as: UInt32.self)) }

    // The end record is the last one; a comment of up to 64 kB may follow it.
    var end = bytes.byteCount - 22
    while end >= max(0, bytes.byteCount - 22 - 65535), long(end) != 0x0605_4B50 { end -= 1 }
    guard end >= 0, long(end) == 0x0605_4B50 else {
      throw fail("byte \(bytes.byteCount)", "the zip file has no directory: it is cut short")
    }
    let count = short(end + 10)
    var position = long(end + 16)
    guard count != 0xFFFF, position != 0xFFFF_FFFF else {
      throw fail("byte \(end)", "zip files beyond 4 GB are not supported")
    }
    var entries: [(name: String, bytes: Range<Int>)] = []
    for _ in 0..<count {
      guard position <= end - 46, long(position) == 0x0201_4B50 else {
        throw fail("byte \(position)", "the zip file's directory is damaged")
      }
      let (method, stored, size) = (short(position + 10), long(position + 20), long(position + 24))
      let (nameCount, extraCount, commentCount) = (short(position + 28), short(position + 30), short(position + 32))
      let local = long(position + 42)
      guard position + 46 + nameCount <= end else {
        throw fail("byte \(position)", "the zip file's directory is damaged")
      }
      let name = String(decoding: bytes.values(at: position + 46, count: nameCount, as: UInt8.self), as: UTF8.self)
      guard method == 0, stored == size else { throw fail("entry \(name)", "is compressed, which torch never does") }
      guard local <= end - 30, long(local) == 0x0403_4B50 else {
        throw fail("entry \(name)", "is not at byte \(local)")
      }
      let begin = local + 30 + short(local + 26) + short(local + 28)
      guard begin <= end, size <= end - begin else { throw fail("entry \(name)", "reaches beyond the file") }
      entries.append((name, begin..<begin + size))
      position += 46 + nameCount + extraCount + commentCount
    }
    self.entries = entries
  }
}
