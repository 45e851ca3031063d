import Crypto

/// An incremental SHA-256 (FIPS 180-4) that ends as 64 hexadecimal digits.
package struct SHA256Hasher {
  private var hasher = SHA256()

  package init() {}

  package mutating func update(_ bytes: RawSpan) {
    // In place: a copy, however small its pieces, is three hundredths of a digest's instructions.
    unsafe bytes.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
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
