import Files

/// How a picture must be turned to stand upright.
///
/// The value of EXIF's orientation tag, 2 to 8; 1 where there is none or where the EXIF data make no sense. As Pillow does it,
/// the tag may be spread over several EXIF segments, and XMP's `tiff:Orientation` counts where EXIF is silent.
package func orientation(ofJPEG bytes: RawSpan) -> Int {
  var exif: [UInt8] = []
  var xmp: Range<Int>?
  forEachSegment(of: bytes) { marker, content in
    guard marker == 0xE1 else { return }
    if bytes.starts(with: "Exif\0\0", in: content) {
      // The segments' contents follow one another, the header is only the first one's.
      // The tag stands in the first of them; what is beyond a few is no camera's.
      guard exif.count < 1 << 20 else { return }
      for offset in content.dropFirst(6) { exif.append(bytes[offset]) }
    } else if bytes.starts(with: "http://ns.adobe.com/xap/1.0/\0", in: content) {
      xmp = content
    }
  }
  if let value = tiffOrientation(exif) { return 2...8 ~= value ? value : 1 }
  if let xmp, let value = xmpOrientation(bytes, xmp) { return 2...8 ~= value ? value : 1 }
  return 1
}

/// Calls `body` with the marker and the content of each segment up to the first scan.
private func forEachSegment(of bytes: RawSpan, _ body: (_ marker: UInt8, _ content: Range<Int>) -> Void) {
  var offset = 2
  while offset + 4 <= bytes.byteCount {
    if bytes[offset] != 0xFF {
      offset += 1
      continue
    }
    let marker = bytes[offset + 1]
    switch marker {
    case 0xFF: offset += 1
    case 0x00, 0x01, 0xD0...0xD8: offset += 2
    case 0xD9, 0xDA: return
    default:
      let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
      let end = offset + 2 + length
      guard length >= 2, end <= bytes.byteCount else { return }
      body(marker, offset + 4..<end)
      offset = end
    }
  }
}

/// Tag 0x0112 of the first directory of a TIFF header, or nil.
private func tiffOrientation(_ tiff: [UInt8]) -> Int? {
  guard tiff.count >= 8 else { return nil }
  let isLittle = tiff[0] == 0x49 && tiff[1] == 0x49
  guard isLittle || tiff[0] == 0x4D && tiff[1] == 0x4D else { return nil }
  func number(_ offset: Int, _ count: Int) -> Int? {
    guard offset >= 0, offset + count <= tiff.count else { return nil }
    return (0..<count).reduce(0) { $0 << 8 | Int(tiff[offset + (isLittle ? count - 1 - $1 : $1)]) }
  }
  guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
  var found: Int?
  for entry in 0..<entries {
    let offset = directory + 2 + 12 * entry
    guard let tag = number(offset, 2), let type = number(offset + 2, 2), let count = number(offset + 4, 4) else {
      break
    }
    guard tag == 0x0112, count == 1 else { continue }
    // A byte, a short or a long, all of which lie in the entry itself. Of two such tags the last one counts.
    switch type {
    case 1: found = number(offset + 8, 1) ?? found
    case 3: found = number(offset + 8, 2) ?? found
    case 4: found = number(offset + 8, 4) ?? found
    default: break
    }
  }
  return found
}

/// The digit after `tiff:Orientation="` or `tiff:Orientation>`.
private func xmpOrientation(_ bytes: RawSpan, _ range: Range<Int>) -> Int? {
  let name = Array("tiff:Orientation".utf8)
  var offset = range.lowerBound
  search: while offset + name.count + 2 <= range.upperBound {
    defer { offset += 1 }
    for (index, byte) in name.enumerated() where bytes[offset + index] != byte { continue search }
    var at = offset + name.count
    if bytes[at] == UInt8(ascii: ">") {
      at += 1
    } else if bytes[at] == UInt8(ascii: "="), bytes[at + 1] == UInt8(ascii: "\"") {
      at += 2
    } else {
      continue
    }
    if at < range.upperBound, 0x30...0x39 ~= bytes[at] { return Int(bytes[at]) - 0x30 }
  }
  return nil
}

extension RawSpan {
  fileprivate subscript(_ offset: Int) -> UInt8 { value(at: offset) }

  fileprivate func starts(with text: StaticString, in range: Range<Int>) -> Bool {
    guard range.count >= text.utf8CodeUnitCount else { return false }
    return (0..<text.utf8CodeUnitCount).allSatisfy { unsafe self[range.lowerBound + $0] == text.utf8Start[$0] }
  }
}
