public import Diagnostics

extension JSONValue {
  /// Reads one JSON document (RFC 8259).
  ///
  /// - Throws: `InputError` with the byte offset of what is wrong.
  public init(parsing text: String, file: String? = nil) throws(InputError) {
    var parser = Parser(bytes: Array(text.utf8), file: file)
    self = try parser.document()
  }

  private struct Parser {
    let bytes: [UInt8]
    let file: String?
    var position = 0

    func fail(_ problem: String) -> InputError {
      InputError(file: file, at: "byte \(position)", problem)
    }

    mutating func document() throws(InputError) -> JSONValue {
      let result = try value(depth: 0)
      skipSpace()
      guard position == bytes.count else { throw fail("text after the end of the JSON document") }
      return result
    }

    mutating func skipSpace() {
      while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    mutating func expect(_ literal: StaticString, _ result: JSONValue) throws(InputError) -> JSONValue {
      let text = Array("\(literal)".utf8)
      guard bytes[position...].starts(with: text) else { throw fail("not a JSON value") }
      position += text.count
      return result
    }

    mutating func value(depth: Int) throws(InputError) -> JSONValue {
      guard depth < 256 else { throw fail("JSON nested more than 256 deep") }
      skipSpace()
      guard position < bytes.count else { throw fail("the JSON ends early") }
      switch bytes[position] {
      case UInt8(ascii: "{"): return try object(depth: depth)
      case UInt8(ascii: "["): return try array(depth: depth)
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "t"): return try expect("true", .bool(true))
      case UInt8(ascii: "f"): return try expect("false", .bool(false))
      case UInt8(ascii: "n"): return try expect("null", .null)
      default: return try number()
      }
    }

    mutating func object(depth: Int) throws(InputError) -> JSONValue {
      position += 1
      var members: [Member] = []
      skipSpace()
      if position < bytes.count, bytes[position] == UInt8(ascii: "}") {
        position += 1
        return .object([])
      }
      while true {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw fail("expected a key") }
        let key = try string()
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw fail("expected ':'") }
        position += 1
        members.append(Member(key, try value(depth: depth + 1)))
        if try endOfList(UInt8(ascii: "}")) { return .object(members) }
      }
    }

    mutating func array(depth: Int) throws(InputError) -> JSONValue {
      position += 1
      var items: [JSONValue] = []
      skipSpace()
      if position < bytes.count, bytes[position] == UInt8(ascii: "]") {
        position += 1
        return .array([])
      }
      while true {
        items.append(try value(depth: depth + 1))
        if try endOfList(UInt8(ascii: "]")) { return .array(items) }
      }
    }

    mutating func endOfList(_ end: UInt8) throws(InputError) -> Bool {
      skipSpace()
      guard position < bytes.count else { throw fail("the JSON ends early") }
      defer { position += 1 }
      if bytes[position] == end { return true }
      guard bytes[position] == UInt8(ascii: ",") else { throw fail("expected ',' or the end of the list") }
      return false
    }

    mutating func number() throws(InputError) -> JSONValue {
      let start = position
      while position < bytes.count, "+-.0123456789eE".utf8.contains(bytes[position]) { position += 1 }
      let text = String(decoding: bytes[start..<position], as: UTF8.self)
      if let integer = Int(text) { return .integer(integer) }
      guard let number = Double(text) else {
        position = start
        throw fail("not a JSON value")
      }
      return .number(number)
    }

    mutating func string() throws(InputError) -> String {
      position += 1
      var text: [UInt8] = []
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""):
          guard let result = String(validating: text, as: UTF8.self) else { throw fail("a string that is not UTF-8") }
          return result
        case UInt8(ascii: "\\"): try escape(into: &text)
        case 0..<0x20: throw fail("a control character in a string")
        default: text.append(byte)
        }
      }
      throw fail("the JSON ends inside a string")
    }

    mutating func escape(into text: inout [UInt8]) throws(InputError) {
      guard position < bytes.count else { throw fail("the JSON ends inside a string") }
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
      case UInt8(ascii: "u"):
        var code = try hexadecimal()
        if (0xD800..<0xDC00).contains(code), bytes[position...].starts(with: Array("\\u".utf8)) {
          position += 2
          let low = try hexadecimal()
          guard (0xDC00..<0xE000).contains(low) else { throw fail("an unpaired surrogate") }
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw fail("an unpaired surrogate") }
        text.append(contentsOf: String(Character(scalar)).utf8)
      default: throw fail("an unknown escape in a string")
      }
    }

    mutating func hexadecimal() throws(InputError) -> UInt32 {
      guard position + 4 <= bytes.count,
        let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
      else { throw fail("expected four hexadecimal digits") }
      position += 4
      return code
    }
  }
}
