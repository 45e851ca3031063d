import Diagnostics
import Files
import JSON
import Testing

@Suite struct JSONScannerTests {
  /// What the scanner sees of a document, as a `JSONValue`: compared with the parser that builds everything.
  private func rebuild(_ scanner: inout JSONScanner, _ bytes: [UInt8]) throws(InputError) -> JSONValue {
    switch try scanner.peek() {
    case UInt8(ascii: "{"):
      var items: [JSONValue] = []
      try scanner.enterObject()
      while try scanner.nextKey() != nil { items.append(try rebuild(&scanner, bytes)) }
      return .array(items)
    case UInt8(ascii: "["):
      var items: [JSONValue] = []
      try scanner.enterList()
      while try scanner.nextItem() { items.append(try rebuild(&scanner, bytes)) }
      return .array(items)
    case UInt8(ascii: "\""): return .string(try scanner.text().string(in: bytes.byteSpan))
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return .integer(Int(try scanner.integer()))
    default:
      try scanner.skipValue()
      return .null
    }
  }

  /// The same shape from the parser: objects as lists of their values, literals as null.
  private func reduced(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members): .array(members.map { reduced($0.value) })
    case .array(let items): .array(items.map(reduced))
    case .bool, .null, .number: .null
    default: value
    }
  }

  @Test(arguments: [
    #"{"a":1,"b":[true,null,{"c":"x"}],"d":-12}"#, "[ ]", "{ }", "  [[],[[]],{\"a\":{}}]  ",
    #"["", "a", "seven77", "eight888", "nine99999", "a \"quoted\" word", "back\\", "é", "1234567é", "\u00e9", "\\\""]"#,
    "[9223372036854775807,0,-1]",
  ])
  func agreesWithTheParser(source: String) throws {
    let bytes = Array(source.utf8)
    var scanner = JSONScanner(bytes.byteSpan)
    let found = try rebuild(&scanner, bytes)
    try scanner.finish()
    #expect(found == reduced(try JSONValue(parsing: source)))
  }

  @Test func everyStringLengthAndOffset() throws {
    // Quotes, escapes and high bytes at each place of the eight bytes that are looked at together.
    for length in 0..<40 {
      for mark in 0..<length {
        for inserted in ["\"", "\\", "é", "\n", "\u{7F}", " "] {
          var text = String(repeating: "x", count: length)
          text.insert(contentsOf: inserted, at: text.index(text.startIndex, offsetBy: mark))
          let source = JSONValue.array([.string(text), 7]).compact
          let bytes = Array(source.utf8)
          var scanner = JSONScanner(bytes.byteSpan)
          try scanner.enterList()
          #expect(try scanner.nextItem())
          let found = try scanner.text()
          #expect(try found.string(in: bytes.byteSpan) == text)
          #expect(found.isASCII == (inserted != "é"))
          #expect(found.hasEscapes == (inserted == "\"" || inserted == "\\" || inserted == "\n"))
          #expect(try scanner.nextItem())
          #expect(try scanner.integer() == 7)
        }
      }
    }
  }

  @Test func everyCutIsAnError() throws {
    let whole = Array(#"{"a": [1, "two\n", {"b": null}], "c": -3, "d": 1.5e3, "e": true}"#.utf8)
    for count in 0..<whole.count {
      let bytes = Array(whole[..<count])
      #expect(throws: InputError.self, "cut after \(count) bytes") {
        var scanner = JSONScanner(bytes.byteSpan)
        try scanner.skipValue()
        try scanner.finish()
      }
    }
    var scanner = JSONScanner(whole.byteSpan)
    try scanner.skipValue()
    try scanner.finish()
  }

  @Test(arguments: ["[1,]", "[,1]", "[1 2]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "[1]]", "[tru]", "[\"\u{1}\"]", "[@]"])
  func brokenDocuments(source: String) {
    #expect(throws: InputError.self) {
      let bytes = Array(source.utf8)
      var scanner = JSONScanner(bytes.byteSpan)
      try scanner.skipValue()
      try scanner.finish()
    }
  }

  @Test(arguments: ["1.0", "1e3", "9223372036854775808", "\"1\"", "-", "true"])
  func notAWholeNumber(source: String) {
    #expect(throws: InputError.self) {
      let bytes = Array((source + " ").utf8)
      var scanner = JSONScanner(bytes.byteSpan)
      _ = try scanner.integer()
    }
  }

  @Test func keysOfEveryLength() throws {
    let name = "abcdefghijklmnopqrstuvwxyz"
    for count in 0...name.count {
      let key = String(name.prefix(count))
      let bytes = Array("{\"\(key)\":1}          ".utf8)
      var scanner = JSONScanner(bytes.byteSpan)
      try scanner.enterObject()
      let found = try scanner.nextKey()
      #expect(found == JSONKey(key))
      #expect(found != JSONKey(key + "z"))
      #expect(found != JSONKey(String(key.dropLast()) + "_"))
    }
  }

  @Test func notUTF8() throws {
    let bytes: [UInt8] = [0x22, 0x61, 0xFF, 0x22]
    var scanner = JSONScanner(bytes.byteSpan)
    let text = try scanner.text()
    #expect(throws: InputError.self) { try text.string(in: bytes.byteSpan) }
  }

  @Test func byteOrderMark() throws {
    let bytes: [UInt8] = [0xEF, 0xBB, 0xBF, 0x37, 0x20]
    var scanner = JSONScanner(bytes.byteSpan)
    #expect(try scanner.integer() == 7)
  }
}
