import Diagnostics
import Files
import JSON
import Testing

/// RFC 8259 to the letter: what the one reader refuses the other refuses too, also in what it steps over.
@Suite struct JSONGrammarTests {
  private func isRefused(_ body: () throws(InputError) -> Void) -> Bool {
    do { try body() } catch { return true }
    return false
  }

  private func verdicts(_ source: [UInt8]) -> (parser: Bool, scanner: Bool) {
    (
      isRefused { () throws(InputError) in _ = try JSONValue(parsing: source.byteSpan) },
      isRefused { () throws(InputError) in
        var scanner = JSONScanner(source.byteSpan)
        try scanner.skipValue()
        try scanner.finish()
      }
    )
  }

  static let notNumbers = [
    "007", "01", "-01", "+1", "1.", ".5", "1e", "1e+", "-", "--1", "1-", "1.5.2", "1e5e5", "0x10", "1a", "1true",
    "1\"\"", "e5",
    "Infinity", "NaN", "-Infinity", "1_000",
  ]

  @Test(arguments: notNumbers) func notANumber(_ text: String) {
    for source in [text, "[\(text)]", "{\"a\":\(text)}", "[0,\(text) ]"] {
      let found = verdicts(Array(source.utf8))
      #expect(found.parser && found.scanner, "\(source)")
    }
    #expect(
      isRefused { () throws(InputError) in
        let bytes = Array(text.utf8)
        var scanner = JSONScanner(bytes.byteSpan)
        _ = try scanner.integer()
      }, "\(text)")
  }

  @Test(arguments: ["0", "-0", "10", "-7.25", "0.5e-3", "1E+10", "1e5", "123456789012345678901234567890"])
  func aNumber(_ text: String) {
    let found = verdicts(Array("[\(text)]".utf8))
    #expect(!found.parser && !found.scanner)
  }

  @Test(arguments: [
    #"\u+123"#, #"\u 123"#, #"\u12"#, #"\u12g4"#, #"\ud800"#, #"\udc00"#, #"\ud800\u0041"#, #"\ud800x"#, #"\ud800\n"#,
    #"\x"#, #"\é"#,
    #"\U0041"#,
  ])
  func notAnEscape(_ text: String) {
    for source in ["\"\(text)\"", "[\"\(text)\"]", "{\"\(text)\":1}", "{\"a\":{\"b\":\"\(text)\"}}"] {
      let found = verdicts(Array(source.utf8))
      #expect(found.parser && found.scanner, "\(source)")
    }
  }

  @Test func bytesThatAreNotUTF8() {
    for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] {
      let found = verdicts([0x5B, 0x22] + bytes + [0x22, 0x5D])
      #expect(found.parser && found.scanner, "\(bytes)")
    }
  }

  /// Documents with a byte changed, dropped or doubled: both readers give one verdict, and neither crashes.
  @Test func mutatedDocumentsGetOneVerdict() {
    let whole = Array(#"{"a":[1,-2.5e3,"x\n\u00e9é",{"b":null,"c":[true,false,[]]}],"d":"😀\ud83d\ude00","e":0.1}"#.utf8)
    let pieces: [UInt8] = Array("{}[]\",:\\u0123e+-. \n".utf8) + [0, 0x1F, 0x80, 0xC3, 0xFF]
    var seed: UInt64 = 11
    func random(_ bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % bound
    }
    var refused = 0
    for _ in 0..<20_000 {
      var document = whole
      for _ in 0...random(3) {
        let place = random(document.count)
        switch random(3) {
        case 0: document[place] = pieces[random(pieces.count)]
        case 1: document.remove(at: place)
        default: document.insert(pieces[random(pieces.count)], at: place)
        }
      }
      let found = verdicts(document)
      #expect(found.parser == found.scanner, "\(String(decoding: document, as: UTF8.self))")
      if found.parser { refused += 1 }
    }
    #expect(refused > 10_000 && refused < 20_000)
  }

  @Test func gzipIsNamed() throws {
    let bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0]
    #expect { try JSONValue(parsing: bytes.byteSpan, file: "a/v.json.gz") } throws: { error in
      "\(error)" == "a/v.json.gz: is gzip-compressed; unpack it: gunzip -c a/v.json.gz > a/v.json"
    }
    // Read as text before.
    #expect { try JSONValue(parsing: String(decoding: bytes, as: UTF8.self), file: "v.json.gz") } throws: { error in
      "\(error)".contains("is gzip-compressed")
    }
  }
}
