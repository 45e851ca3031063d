/// A small JSON document (RFC 8259): configurations, headers, `--json` output. Large files go through `JSONScanner`.
///
/// Objects keep the order they were written in; `canonical` sorts keys, so equal values give equal text.
package enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  package struct Member: Equatable, Sendable {
    package var key: String
    package var value: JSONValue
    package init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// The first member called `key`; nil for other kinds.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  package subscript(index: Int) -> JSONValue? {
    guard case .array(let items) = self, items.indices.contains(index) else { return nil }
    return items[index]
  }

  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  package var members: [Member]? { if case .object(let value) = self { value } else { nil } }
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}

extension JSONValue {
  /// One line, keys in byte order at every depth, no spaces: equal values, equal text.
  package var canonical: String {
    var text = ""
    write(into: &text, sorted: true, indent: nil, depth: 0)
    return text
  }

  /// One line, members in the order they were given.
  package var compact: String {
    var text = ""
    write(into: &text, sorted: false, indent: nil, depth: 0)
    return text
  }

  /// Indented by two spaces, for people.
  package var pretty: String {
    var text = ""
    write(into: &text, sorted: false, indent: 2, depth: 0)
    return text
  }

  private func write(into text: inout String, sorted: Bool, indent: Int?, depth: Int) {
    func newline(_ depth: Int) {
      if let indent { text += "\n" + String(repeating: " ", count: indent * depth) }
    }
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.quote(value, into: &text)
    case .array(let items):
      text += "["
      for (index, item) in items.enumerated() {
        if index > 0 { text += "," }
        newline(depth + 1)
        item.write(into: &text, sorted: sorted, indent: indent, depth: depth + 1)
      }
      if !items.isEmpty { newline(depth) }
      text += "]"
    case .object(let members):
      text += "{"
      let ordered = sorted ? members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } : members
      for (index, member) in ordered.enumerated() {
        if index > 0 { text += "," }
        newline(depth + 1)
        Self.quote(member.key, into: &text)
        text += indent == nil ? ":" : ": "
        member.value.write(into: &text, sorted: sorted, indent: indent, depth: depth + 1)
      }
      if !members.isEmpty { newline(depth) }
      text += "}"
    }
  }

  private static func quote(_ value: String, into text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
