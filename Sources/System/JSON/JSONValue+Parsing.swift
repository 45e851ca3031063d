package import Diagnostics
import Files

extension JSONValue {
  /// Reads one JSON document (RFC 8259). Its grammar is `JSONScanner`'s.
  ///
  /// - Throws: `InputError` with the byte offset of what is wrong.
  package init(parsing text: String, file: String? = nil) throws(InputError) {
    let bytes = Array(text.utf8)
    try self.init(parsing: bytes.byteSpan, file: file)
  }

  package init(parsing bytes: RawSpan, file: String? = nil) throws(InputError) {
    var scanner = JSONScanner(bytes, file: file)
    self = try Self.value(&scanner, bytes, file, depth: 0)
    try scanner.finish()
  }

  private static func value(
    _ scanner: inout JSONScanner, _ bytes: RawSpan, _ file: String?, depth: Int
  ) throws(InputError) -> JSONValue {
    guard depth < JSONScanner.maximumDepth else {
      throw scanner.failure("JSON nested more than \(JSONScanner.maximumDepth) deep")
    }
    switch try scanner.peek() {
    case UInt8(ascii: "{"):
      var members: [Member] = []
      try scanner.enterObject()
      while let key = try scanner.nextKeyText() {
        members.append(
          Member(try key.string(in: bytes, file: file), try value(&scanner, bytes, file, depth: depth + 1)))
      }
      return .object(members)
    case UInt8(ascii: "["):
      var items: [JSONValue] = []
      try scanner.enterList()
      while try scanner.nextItem() { items.append(try value(&scanner, bytes, file, depth: depth + 1)) }
      return .array(items)
    case UInt8(ascii: "\""): return .string(try scanner.text().string(in: bytes, file: file))
    case UInt8(ascii: "t"):
      try scanner.skip("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try scanner.skip("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try scanner.skip("null")
      return .null
    default:
      let range = try scanner.number()
      let text = String(decoding: bytes.values(at: range.lowerBound, count: range.count, as: UInt8.self), as: UTF8.self)
      if let integer = Int(text) { return .integer(integer) }
      guard let number = Double(text), number.isFinite else { throw scanner.failure("a number out of range") }
      return .number(number)
    }
  }
}
