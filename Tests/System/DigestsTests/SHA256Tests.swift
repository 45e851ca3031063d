import Digests
import Files
import Testing

/// SHA-256 against the examples that NIST publishes with FIPS 180-4 (and its Secure Hash Standard Validation System).
@Suite struct SHA256Tests {
  static let examples = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ]

  @Test(arguments: examples) func publishedExamples(text: String, digest: String) {
    #expect(sha256(text) == digest)
    let bytes = Array(text.utf8)
    #expect(sha256(bytes.byteSpan) == digest)
  }

  /// Blocks are of 64 bytes, and the length takes 8 of the last: every cut around them.
  @Test func piecesAreTheWhole() {
    let text = (0..<200).map { UInt8($0) }
    for count in 0...text.count {
      let whole = sha256(text.byteSpan.extracting(first: count))
      for cut in [0, 1, 55, 56, 63, 64, 65, 127, 128] where cut <= count {
        var hasher = SHA256Hasher()
        hasher.update(text.byteSpan.extracting(first: cut))
        hasher.update(text.byteSpan.extracting(cut..<count))
        #expect(hasher.finish() == whole, "\(count) bytes, cut at \(cut)")
      }
    }
  }

  /// Python's `hashlib.sha256(bytes(range(256))).hexdigest()`: bytes that are no text.
  @Test func anyByte() {
    let bytes = (0..<256).map { UInt8($0) }
    #expect(sha256(bytes.byteSpan) == "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880")
  }
}
