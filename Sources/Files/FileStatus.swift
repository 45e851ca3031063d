public import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// What lies under a name.
public struct FileStatus: Sendable, Equatable {
  public var isFolder: Bool
  /// Of a regular file; nil for folders, devices and the like.
  public var signature: FileSignature?
  /// Device and inode: two names of one file have the same.
  public var identity: [UInt64]
}

extension FileSystem {
  /// What lies under `path`, links followed; nil where there is nothing.
  ///
  /// - Throws: `InputError` where the machine can't tell: no permission to look, an I/O error. That is never the same as nothing.
  public static func status(of path: String) throws(InputError) -> FileStatus? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      let number = errno
      if [ENOENT, ENOTDIR, ENAMETOOLONG].contains(number) { return nil }
      throw InputError(
        file: path, "can't be looked at: \(unsafe String(cString: strerror(number)))",
        remedy: "check its permissions and those of the folders above it", errorNumber: number)
    }
    return FileStatus(
      isFolder: status.st_mode & S_IFMT == S_IFDIR, signature: FileSignature(status),
      identity: [UInt64(status.st_dev), UInt64(status.st_ino)])
  }

  /// Whether both names mean one file that is there.
  public static func isSameFile(_ one: String, _ other: String) throws(InputError) -> Bool {
    guard let first = try status(of: one), let second = try status(of: other) else { return false }
    return first.identity == second.identity
  }
}
