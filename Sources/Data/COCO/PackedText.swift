import Diagnostics
import JSON

/// A `JSONText` in eight bytes: start 40 bits, length 22, two flags. Files to 1 TB, strings to 4 MB.
struct PackedText {
  private var bits: UInt64

  init(_ text: JSONText, file: String) throws(InputError) {
    guard text.range.lowerBound < 1 << 40, text.range.count < 1 << 22 else {
      throw InputError(
        file: file, at: "byte \(text.range.lowerBound)",
        "a string of \(text.range.count) bytes; names and captions of up to 4 MB can be read, in files of up to 1 TB")
    }
    bits = UInt64(text.range.lowerBound) << 24 | UInt64(text.range.count) << 2
    if text.hasEscapes { bits |= 1 }
    if !text.isASCII { bits |= 2 }
  }

  var text: JSONText {
    let start = Int(bits >> 24)
    let count = Int(bits >> 2) & 0x3F_FFFF
    return JSONText(range: start..<start + count, hasEscapes: bits & 1 != 0, isASCII: bits & 2 == 0)
  }
}
