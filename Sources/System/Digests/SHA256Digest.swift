import Crypto
import Files

/// An incremental SHA-256 (FIPS 180-4) that ends as 64 hexadecimal digits.
package struct SHA256Hasher {
  private var hasher = SHA256()

  package init() {}

  package mutating func update(_ bytes: RawSpan) {
    // A copy of a little at a time costs nothing beside the digest.
    for start in stride(from: 0, to: bytes.byteCount, by: 1 << 14) {
      let count = min(1 << 14, bytes.byteCount - start)
      hasher.update(data: bytes.values(at: start, count: count, as: UInt8.self))
    }
  }

  package mutating func update(_ text: String) {
    hasher.update(data: Array(text.utf8))
  }

  package consuming func finish() -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in hasher.finalize() {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// The SHA-256 of `bytes` as 64 hexadecimal digits.
package func sha256(_ bytes: RawSpan) -> String {
  var hasher = SHA256Hasher()
  hasher.update(bytes)
  return hasher.finish()
}

/// The SHA-256 of `text`'s UTF-8 as 64 hexadecimal digits.
package func sha256(_ text: String) -> String {
  var hasher = SHA256Hasher()
  hasher.update(text)
  return hasher.finish()
}
