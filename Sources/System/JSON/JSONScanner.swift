package import Diagnostics
import Files

/// Reads a JSON document (RFC 8259) of any size front to back without building it: the caller walks objects and lists and takes what
/// it needs; strings stay where they are (`JSONText`).
///
/// ```
/// try scanner.enterObject()
/// while let key = try scanner.nextKey() {
///   if key == wanted { number = try scanner.integer() } else { try scanner.skipValue() }
/// }
/// ```
package struct JSONScanner: ~Escapable {
  private let bytes: RawSpan
  private let file: String?
  /// The byte that is read next.
  package private(set) var position: Int
  /// True between an opening bracket and the first member, where no comma is due.
  private var isAtFirst = false

  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan, file: String? = nil) {
    self.bytes = bytes
    self.file = file
    // A byte order mark is no JSON, but editors leave one.
    position =
      bytes.byteCount >= 3 && bytes.value(at: 0, as: UInt8.self) == 0xEF
        && bytes.value(at: 1, as: UInt8.self) == 0xBB && bytes.value(at: 2, as: UInt8.self) == 0xBF ? 3 : 0
  }

  /// An error at the byte that is read next; at the very first, what else the file may be.
  package func failure(_ problem: String, remedy: String? = nil) -> InputError {
    if position == 0, let file, let error = compressionError(bytes, file: file) { return error }
    return InputError(file: file, at: "byte \(position)", problem, remedy: remedy)
  }

  func early(_ place: String = "") -> InputError {
    failure("the JSON ends early\(place)", remedy: "the file was cut: fetch it again")
  }

  /// What stands next, space skipped: a value's first byte tells its kind.
  @_lifetime(self: copy self)
  package mutating func peek() throws(InputError) -> UInt8 {
    while position < bytes.byteCount {
      let byte = bytes.value(at: position, as: UInt8.self)
      if byte > 0x20 || !(byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09) { return byte }
      position += 1
    }
    throw early()
  }

  /// Steps into the object that stands next.
  @_lifetime(self: copy self)
  package mutating func enterObject(_ what: @autoclosure () -> String = "an object") throws(InputError) {
    guard try peek() == UInt8(ascii: "{") else { throw failure("expected \(what())") }
    position += 1
    isAtFirst = true
  }

  /// Steps into the list that stands next.
  @_lifetime(self: copy self)
  package mutating func enterList(_ what: @autoclosure () -> String = "a list") throws(InputError) {
    guard try peek() == UInt8(ascii: "[") else { throw failure("expected \(what())") }
    position += 1
    isAtFirst = true
  }

  /// The next member's key, with the value next to read; nil at the object's end.
  @_lifetime(self: copy self)
  package mutating func nextKey() throws(InputError) -> JSONKey? {
    guard let key = try nextKeyText() else { return nil }
    return JSONKey(bytes, key.range)
  }

  /// The same where the key's text is wanted.
  @_lifetime(self: copy self)
  package mutating func nextKeyText() throws(InputError) -> JSONText? {
    guard try next(closing: UInt8(ascii: "}")) else { return nil }
    let key = try text("a key")
    if !key.isPlain { _ = try key.string(in: bytes, file: file) }
    guard try peek() == UInt8(ascii: ":") else { throw failure("expected ':'") }
    position += 1
    return key
  }

  /// True where another item stands next; false at the list's end.
  @_lifetime(self: copy self)
  package mutating func nextItem() throws(InputError) -> Bool {
    try next(closing: UInt8(ascii: "]"))
  }

  @_lifetime(self: copy self)
  private mutating func next(closing: UInt8) throws(InputError) -> Bool {
    let byte = try peek()
    if byte == closing {
      position += 1
      isAtFirst = false
      return false
    }
    if isAtFirst {
      isAtFirst = false
      return true
    }
    guard byte == UInt8(ascii: ",") else { throw failure("expected ',' or the end of the list") }
    position += 1
    guard try peek() != closing else { throw failure("a comma before the end of a list") }
    return true
  }

  /// The string that stands next, where it lies. Its escapes and its UTF-8 are checked by `JSONText.utf8`.
  @_lifetime(self: copy self)
  package mutating func text(_ what: @autoclosure () -> String = "a string") throws(InputError) -> JSONText {
    guard try peek() == UInt8(ascii: "\"") else { throw failure("expected \(what())") }
    let start = position + 1
    var cursor = start
    var hasEscapes = false
    var high: UInt64 = 0
    let count = bytes.byteCount
    while true {
      // Eight bytes at once while none is a quote, a backslash or a control character.
      while cursor + 8 <= count {
        let word = bytes.value(at: cursor, as: UInt64.self)
        let stops = Self.stops(word)
        if stops != 0 {
          let plain = stops.trailingZeroBitCount & ~7
          high |= word & ((1 << UInt64(plain)) &- 1)
          cursor += plain >> 3
          break
        }
        high |= word
        cursor += 8
      }
      guard cursor < count else {
        position = count
        throw early(" inside a string")
      }
      let byte = bytes.value(at: cursor, as: UInt8.self)
      if byte == UInt8(ascii: "\"") { break }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        cursor += 2
      } else if byte < 0x20 {
        position = cursor
        throw failure("a control character in a string")
      } else {
        high |= UInt64(byte)
        cursor += 1
      }
    }
    position = cursor + 1
    return JSONText(
      range: start..<cursor, hasEscapes: hasEscapes, isASCII: high & 0x8080_8080_8080_8080 == 0)
  }

  /// The high bit of each byte that ends plain text: `"`, `\`, below 0x20. Bytes above the lowest one found may be false alarms.
  private static func stops(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    let quote = word ^ (ones &* 0x22)
    let slash = word ^ (ones &* 0x5C)
    let found = ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash) | ((word &- ones &* 0x20) & ~word)
    return found & highs
  }

  /// The whole number that stands next.
  @_lifetime(self: copy self)
  package mutating func integer(_ what: @autoclosure () -> String = "a whole number") throws(InputError) -> Int64 {
    let first = try peek()
    let start = position
    let isNegative = first == UInt8(ascii: "-")
    if isNegative { position += 1 }
    var value: Int64 = 0
    let digits = position
    while position < bytes.byteCount {
      let byte = bytes.value(at: position, as: UInt8.self)
      guard byte >= 0x30, byte <= 0x39 else { break }
      let (product, one) = value.multipliedReportingOverflow(by: 10)
      let (sum, two) = product.addingReportingOverflow(Int64(byte - 0x30))
      guard !one, !two else {
        position = start
        throw failure("expected \(what()) of at most 64 bits")
      }
      value = sum
      position += 1
    }
    let hasLeadingZero = position > digits + 1 && bytes.value(at: digits, as: UInt8.self) == 0x30
    guard position > digits, !hasLeadingZero, isAtDelimiter else {
      position = start
      throw failure("expected \(what())")
    }
    return isNegative ? -value : value
  }

  /// The number that stands next: -? (0 | [1-9] digits) (. digits)? (e [+-]? digits)?, and then nothing that belongs to none.
  @_lifetime(self: copy self)
  mutating func number() throws(InputError) -> Range<Int> {
    _ = try peek()
    let start = position
    _ = skipOne(of: "-", "-")
    let first = position
    var isNumber = skipDigits() > 0
    if isNumber, bytes.value(at: first, as: UInt8.self) == 0x30 { isNumber = position == first + 1 }
    if isNumber, skipOne(of: ".", ".") { isNumber = skipDigits() > 0 }
    if isNumber, skipOne(of: "e", "E") {
      _ = skipOne(of: "+", "-")
      isNumber = skipDigits() > 0
    }
    guard isNumber, isAtDelimiter else {
      position = start
      throw failure("not a JSON value")
    }
    return start..<position
  }

  /// Whether a value may end here.
  private var isAtDelimiter: Bool {
    guard position < bytes.byteCount else { return true }
    switch bytes.value(at: position, as: UInt8.self) {
    case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), 0x20, 0x0A, 0x0D, 0x09: return true
    default: return false
    }
  }

  @_lifetime(self: copy self)
  private mutating func skipOne(of one: Unicode.Scalar, _ other: Unicode.Scalar) -> Bool {
    guard position < bytes.byteCount else { return false }
    let byte = bytes.value(at: position, as: UInt8.self)
    let isOne = byte == UInt8(ascii: one) || byte == UInt8(ascii: other)
    if isOne { position += 1 }
    return isOne
  }

  @_lifetime(self: copy self)
  private mutating func skipDigits() -> Int {
    let start = position
    while position < bytes.byteCount, 0x30...0x39 ~= bytes.value(at: position, as: UInt8.self) { position += 1 }
    return position - start
  }

  /// How deep lists and objects may lie in one another, so that nobody's recursion runs out of stack.
  static let maximumDepth = 256

  /// Steps over the value that stands next, whatever it is. What `JSONValue` refuses is refused here too.
  @_lifetime(self: copy self)
  package mutating func skipValue(depth: Int = 0) throws(InputError) {
    guard depth < Self.maximumDepth else { throw failure("JSON nested more than \(Self.maximumDepth) deep") }
    switch try peek() {
    case UInt8(ascii: "\""):
      let text = try text()
      if !text.isPlain { _ = try text.string(in: bytes, file: file) }
    case UInt8(ascii: "{"):
      try enterObject()
      while try nextKeyText() != nil { try skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try enterList()
      while try nextItem() { try skipValue(depth: depth + 1) }
    case UInt8(ascii: "t"): try skip("true")
    case UInt8(ascii: "f"): try skip("false")
    case UInt8(ascii: "n"): try skip("null")
    default: _ = try number()
    }
  }

  @_lifetime(self: copy self)
  mutating func skip(_ word: String) throws(InputError) {
    let start = position
    for byte in word.utf8 {
      guard position < bytes.byteCount, bytes.value(at: position, as: UInt8.self) == byte else {
        position = start
        throw failure("not a JSON value")
      }
      position += 1
    }
    guard isAtDelimiter else {
      position = start
      throw failure("not a JSON value")
    }
  }

  /// Checks that only space is left.
  @_lifetime(self: copy self)
  package mutating func finish() throws(InputError) {
    while position < bytes.byteCount {
      guard [0x20, 0x0A, 0x0D, 0x09].contains(bytes.value(at: position, as: UInt8.self)) else {
        throw failure("text after the end of the JSON document")
      }
      position += 1
    }
  }
}
