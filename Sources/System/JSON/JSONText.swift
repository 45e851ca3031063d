package import Diagnostics
import Files

/// A string's place between its quotes in a JSON file.
package struct JSONText: Equatable, Sendable {
  package var range: Range<Int>
  /// It has backslashes: its bytes are not yet its text.
  package var hasEscapes: Bool
  package var isASCII: Bool

  package init(range: Range<Int>, hasEscapes: Bool, isASCII: Bool) {
    self.range = range
    self.hasEscapes = hasEscapes
    self.isASCII = isASCII
  }

  /// Its bytes are its text, and they are ASCII.
  package var isPlain: Bool { isASCII && !hasEscapes }

  /// The text.
  ///
  /// - Parameter bytes: the whole file.
  /// - Throws: `InputError` for unknown escapes, unpaired surrogates and bytes that are not UTF-8.
  package func string(in bytes: RawSpan, file: String? = nil) throws(InputError) -> String {
    let utf8 =
      hasEscapes
      ? try unescaped(bytes, file) : bytes.values(at: range.lowerBound, count: range.count, as: UInt8.self)
    guard let text = String(validating: utf8, as: UTF8.self) else {
      throw InputError(file: file, at: "byte \(range.lowerBound)", "a string that is not UTF-8")
    }
    return text
  }

  private func unescaped(_ bytes: RawSpan, _ file: String?) throws(InputError) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(range.count)
    var position = range.lowerBound
    while position < range.upperBound {
      let start = position
      func fail(_ problem: String) -> InputError { InputError(file: file, at: "byte \(start)", problem) }
      let byte = bytes.value(at: position, as: UInt8.self)
      position += 1
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        continue
      }
      guard position < range.upperBound else { throw fail("an unknown escape in a string") }
      let kind = bytes.value(at: position, as: UInt8.self)
      position += 1
      switch kind {
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
      case UInt8(ascii: "u"):
        guard var code = hexadecimal(bytes, &position) else { throw fail("expected four hexadecimal digits") }
        if (0xD800..<0xDC00).contains(code) {
          // The other half follows as an escape of its own.
          guard position + 2 <= range.upperBound, bytes.value(at: position, as: UInt16.self) == 0x755C else {
            throw fail("an unpaired surrogate")
          }
          position += 2
          guard let low = hexadecimal(bytes, &position), (0xDC00..<0xE000).contains(low) else {
            throw fail("an unpaired surrogate")
          }
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code), let encoded = UTF8.encode(scalar) else {
          throw fail("an unpaired surrogate")
        }
        text += encoded
      default: throw fail("an unknown escape in a string")
      }
    }
    return text
  }

  /// Four digits from `position` on.
  private func hexadecimal(_ bytes: RawSpan, _ position: inout Int) -> UInt32? {
    guard position + 4 <= range.upperBound else { return nil }
    var code: UInt32 = 0
    for _ in 0..<4 {
      let byte = bytes.value(at: position, as: UInt8.self)
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x41 + 10
      case 0x61...0x66: digit = byte - 0x61 + 10
      default: return nil
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}

/// What to tell about a file that gzip packed, where plain text is wanted; nil for all others.
package func compressionError(_ bytes: RawSpan, file: String) -> InputError? {
  guard bytes.byteCount >= 4, bytes.value(at: 0, as: UInt8.self) == 0x1F else { return nil }
  // The second byte of gzip's mark is no UTF-8: where the file was read as text, U+FFFD stands for it.
  let isMark = bytes.value(at: 1, as: UInt8.self) == 0x8B || bytes.value(at: 1, as: UInt16.self) == 0xBFEF
  guard isMark else { return nil }
  let plain = file.hasSuffix(".gz") ? String(file.dropLast(3)) : file + ".unpacked"
  return InputError(file: file, "is gzip-compressed", remedy: "unpack it: gunzip -c \(file) > \(plain)")
}
