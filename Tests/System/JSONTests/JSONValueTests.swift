import Diagnostics
import JSON
import Testing

@Suite struct JSONValueTests {
  @Test(arguments: [
    ("null", "null"), (" [1, 2.5, -3e2, true ,false]\n", "[1,2.5,-300.0,true,false]"),
    (#"{"b": 1, "a": {"d": [], "c": {}}}"#, #"{"a":{"c":{},"d":[]},"b":1}"#),
    (#""a\"\\\/\b\f\n\r\té😀\#u{7f}""#, "\"a\\\"\\\\/\\u0008\\u000c\\n\\r\\té😀\u{7f}\""),
    (#""\u00e9\ud83d\ude00""#, "\"é😀\""),
    // The first and the last of each half.
    (#""\ud800\udc00\uD83C\uDFFF\udbff\udfff""#, "\"\u{10000}\u{1F3FF}\u{10FFFF}\""),
    ("9223372036854775807", "9223372036854775807"),
  ])
  func canonicalText(source: String, canonical: String) throws {
    let value = try JSONValue(parsing: source)
    #expect(value.canonical == canonical)
    #expect(try JSONValue(parsing: value.canonical).canonical == canonical)
    #expect(try JSONValue(parsing: value.pretty) == value)
  }

  @Test(arguments: [
    ("", 0), ("[1,", 3), ("[1,]", 3), ("{\"a\" 1}", 5), ("{\"a\":1,}", 7), ("\"abc", 4), ("tru", 0), ("[1] 2", 4),
    ("\"\\x\"", 1), ("\"\\ud83d\"", 1), ("\"\u{1}\"", 1), ("-x", 0),
  ])
  func brokenDocuments(source: String, byte: Int) {
    #expect { try JSONValue(parsing: source, file: "f.json") } throws: { error in
      let error = error as? InputError
      return error?.file == "f.json" && error?.location == "byte \(byte)"
    }
  }

  @Test func nestingIsLimited() {
    #expect(throws: InputError.self) { try JSONValue(parsing: String(repeating: "[", count: 100_000)) }
  }

  @Test func members() throws {
    let value = try JSONValue(parsing: #"{"a": [1, "x", null], "b": 0.5}"#)
    #expect(value["a"]?[1]?.string == "x")
    #expect(value["a"]?[0]?.double == 1)
    #expect(value["b"]?.double == 0.5)
    #expect(value["c"] == nil)
    #expect(value["a"]?[3] == nil)
  }
}
