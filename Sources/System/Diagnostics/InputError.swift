/// Something a user can mend: a missing file, a malformed row, caches that don't belong together.
///
/// Printed as one line: `file: location: problem; remedy`.
package struct InputError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file or folder at fault, as the user named it.
  package var file: String?
  /// Where in it: `byte 1024`, `row 17`, `annotation 3`.
  package var location: String?
  /// What was found and what was expected.
  package var problem: String
  /// What to do about it.
  package var remedy: String?
  /// `errno` where the machine failed (a disk, a permission, too many open files); nil where the content is at fault. What the machine
  /// fails at says nothing about the file, so it never counts as a bad file.
  package var errorNumber: Int32?

  package init(
    file: String? = nil, at location: String? = nil, _ problem: String, remedy: String? = nil,
    errorNumber: Int32? = nil
  ) {
    self.file = file
    self.location = location
    self.problem = problem
    self.remedy = remedy
    self.errorNumber = errorNumber
  }

  package var description: String {
    let place = [file, location].compactMap(\.self)
    let line = (place + [problem]).joined(separator: ": ") + (remedy.map { "; \($0)" } ?? "")
    // Names out of files may hold anything; what a terminal would obey is shown as what it is.
    return String(
      String.UnicodeScalarView(
        line.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
          switch scalar {
          case "\n", "\r", "\t", "\u{2028}", "\u{2029}": [" "]
          case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": Array("\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
          default: [scalar]
          }
        }))
  }
}

/// Thrown by long work when its `Progress` was asked to stop. What was finished is kept; the same command goes on from there.
package struct Interrupted: Error, Sendable {
  package init() {}
}
