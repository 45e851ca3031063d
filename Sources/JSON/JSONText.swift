public import Diagnostics
import Files

/// A string's place between its quotes in a JSON file.
public struct JSONText: Equatable, Sendable {
  public var range: Range<Int>
  /// It has backslashes: its bytes are not yet its text.
  public var hasEscapes: Bool
  public var isASCII: Bool

  public init(range: Range<Int>, hasEscapes: Bool, isASCII: Bool) {
    self.range = range
    self.hasEscapes = hasEscapes
    self.isASCII = isASCII
  }

  /// Its bytes are its text, and they are ASCII.
  public var isPlain: Bool { isASCII && !hasEscapes }

  /// The text.
  ///
  /// - Parameter bytes: the whole file.
  /// - Throws: `InputError` for unknown escapes, unpaired surrogates and bytes that are not UTF-8.
  public func string(in bytes: RawSpan, file: String? = nil) throws(InputError) -> String {
    if !hasEscapes {
      let text = bytes.values(at: range.lowerBound, count: range.count, as: UInt8.self)
      guard let text = String(validating: text, as: UTF8.self) else {
        throw InputError(file: file, at: "byte \(range.lowerBound)", "a string that is not UTF-8")
      }
      return text
    }
    // A string of its own is a small JSON document.
    let quoted = bytes.values(at: range.lowerBound - 1, count: range.count + 2, as: UInt8.self)
    guard let text = String(validating: quoted, as: UTF8.self) else {
      throw InputError(file: file, at: "byte \(range.lowerBound)", "a string that is not UTF-8")
    }
    do { return try JSONValue(parsing: text).string ?? "" } catch {
      throw InputError(file: file, at: "the string at byte \(range.lowerBound)", error.problem)
    }
  }
}
