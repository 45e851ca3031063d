import Diagnostics

/// A pipeline's variables, each resolved once, however often and however deep they name each other.
struct Variables {
  struct Definition {
    var name: String
    var text: String
    /// Where it stands, for errors.
    var line: String?
  }

  /// Longer ones fit on no command line.
  static let longestValue = 1 << 16

  static let deepest = 64

  private let file: String
  private let definitions: [String: Definition]
  private var values: [String: String] = [:]

  init(_ definitions: [Definition], file: String) throws {
    self.file = file
    self.definitions = Dictionary(definitions.map { ($0.name, $0) }) { first, _ in first }
    for definition in definitions { try resolve(definition, path: []) }
  }

  /// `text` with the values for `${name}`.
  func substitute(in text: String, at line: String?) throws -> String {
    try Self.expand(text, file: file, at: line) { name in
      guard let value = values[name] else { throw unknown(name, at: line) }
      return value
    }
  }

  private mutating func resolve(_ definition: Definition, path: [String]) throws {
    if values[definition.name] != nil { return }
    guard !path.contains(definition.name) else {
      throw InputError(
        file: file, at: definition.line,
        "variables that name each other in a circle: \((path + [definition.name]).joined(separator: " → "))",
        remedy: "give one of them a value")
    }
    guard path.count < Self.deepest else {
      throw InputError(
        file: file, at: definition.line, "variables more than \(Self.deepest) deep", remedy: "write the value out")
    }
    let path = path + [definition.name]
    let value = try Self.expand(definition.text, file: file, at: definition.line) { name in
      guard let inner = definitions[name] else { throw unknown(name, at: definition.line) }
      try resolve(inner, path: path)
      return values[name] ?? ""
    }
    values[definition.name] = value
  }

  private func unknown(_ name: String, at line: String?) -> InputError {
    InputError(file: file, at: line, "no variable '\(name)'", remedy: "add it under variables")
  }

  private static func expand(
    _ text: String, file: String, at line: String?, _ value: (String) throws -> String
  ) throws -> String {
    var result = ""
    func add(_ part: String) throws {
      result += part
      guard result.utf8.count <= longestValue else {
        throw InputError(file: file, at: line, "a value of more than \(longestValue) bytes", remedy: "shorten it")
      }
    }
    var rest = text[...]
    while let start = rest.firstRange(of: "${") {
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
        throw InputError(file: file, at: line, "'${' without '}'", remedy: "write ${NAME}")
      }
      try add(String(rest[..<start.lowerBound]))
      try add(try value(String(rest[start.upperBound..<end])))
      rest = rest[rest.index(after: end)...]
    }
    try add(String(rest))
    guard !result.utf8.contains(0) else {
      throw InputError(file: file, at: line, "a value with a NUL byte", remedy: "take it out")
    }
    return result
  }
}
