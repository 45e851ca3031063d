import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// A file that grows in place while work goes on, every write checked: a reader sees whole records and perhaps a torn last one.
///
/// It lies beside an `OutputFile` whose lock guards it too.
package final class RecordFile: Sendable {
  package let path: String
  private let descriptor: Descriptor

  /// Starts the file anew with `text`, whole.
  package init(path: String, startingWith text: String) throws {
    self.path = path
    try FileSystem.replace(path, with: text)
    descriptor = try Descriptor(opening: path, O_WRONLY | O_NOFOLLOW, "can't be written")
  }

  /// Writes `text` at byte `offset`, in one call as a rule.
  package func write(_ text: String, at offset: Int) throws {
    let bytes = Array(text.utf8)
    try unsafe bytes.withUnsafeBytes {
      try unsafe descriptor.write($0, at: offset, path, remedy: "free space; the same command goes on from here")
    }
  }
}
