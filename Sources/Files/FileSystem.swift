import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// What tells one version of a file from another without reading it.
public struct FileSignature: Equatable, Sendable {
  public var size: Int
  public var modified: Int  // nanoseconds
  public var changed: Int  // nanoseconds
  public var inode: Int

  /// nil for what is no regular file.
  init?(_ status: stat) {
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    func nanoseconds(_ time: timespec) -> Int { Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec) }
    size = Int(status.st_size)
    modified = nanoseconds(status.st_mtim)
    changed = nanoseconds(status.st_ctim)
    inode = Int(status.st_ino)
  }

  /// Stable text for comparing and storing.
  public var text: String { "\(size).\(modified).\(changed).\(inode)" }
}

/// Files and folders, each call one system call or a few.
public enum FileSystem {
  /// The signature of the regular file at `path`, or nil where there is none.
  public static func signature(_ path: String) -> FileSignature? {
    status(path).flatMap { FileSignature($0) }
  }

  public static func isFile(_ path: String) -> Bool { status(path).map { $0.st_mode & S_IFMT == S_IFREG } ?? false }
  public static func isFolder(_ path: String) -> Bool { status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status : nil
  }

  /// The names in a folder, in byte order, without `.` and `..`.
  public static func list(_ folder: String) throws -> [String] {
    guard let handle = unsafe opendir(folder) else {
      throw InputError(file: folder, "can't be listed: \(systemMessage())", remedy: "give a readable folder")
    }
    defer { unsafe closedir(handle) }
    var names: [String] = []
    while let entry = unsafe readdir(handle) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Makes `folder` and those above it.
  public static func makeFolder(_ folder: String) throws {
    var path = folder.hasPrefix("/") ? "/" : ""
    for part in folder.split(separator: "/") {
      path += (path.isEmpty || path.hasSuffix("/") ? "" : "/") + part
      if unsafe mkdir(path, 0o777) != 0 && !isFolder(path) {
        throw InputError(file: path, "the folder can't be made: \(systemMessage())", remedy: "choose a writable folder")
      }
    }
  }

  /// Removes a file; one that isn't there is no error.
  public static func remove(_ path: String) throws {
    if unsafe unlink(path) != 0 && errno != ENOENT {
      throw InputError(file: path, "can't be removed: \(systemMessage())")
    }
  }

  /// Renames a file, replacing what is there, and makes that last.
  public static func rename(_ path: String, to target: String) throws {
    guard unsafe Glibc.rename(path, target) == 0 else {
      throw InputError(file: target, "can't be renamed into place: \(systemMessage())")
    }
    try synchronizeFolder(of: target)
  }

  /// The folder of `path`: `.` for a bare name.
  public static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of `path`.
  public static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// `child` below `folder`, or `child` itself where it is absolute.
  public static func join(_ folder: String, _ child: String) -> String {
    if child.hasPrefix("/") || folder.isEmpty || folder == "." { return child }
    return folder.hasSuffix("/") ? folder + child : folder + "/" + child
  }

  /// The whole of a small text file.
  public static func readText(_ path: String) throws -> String {
    let file = try MappedFile(path: path)
    return unsafe file.bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }

  /// Replaces `path` by `bytes` so that a reader sees the old file or the new one whole: a temporary file beside it, fsync,
  /// rename, fsync of the folder.
  public static func replace(_ path: String, with bytes: [UInt8]) throws {
    let temporary = path + ".partial"
    func fail(_ doing: String) -> InputError {
      let message = systemMessage()
      unsafe unlink(temporary)
      return InputError(file: path, "can't be \(doing): \(message)", remedy: "check the folder and the free space")
    }
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw fail("made") }
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe write(descriptor, $0.baseAddress! + written, $0.count - written)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let error = fail("written")
        close(descriptor)
        throw error
      }
      written += count
    }
    guard fsync(descriptor) == 0 else {
      let error = fail("written")
      close(descriptor)
      throw error
    }
    close(descriptor)
    guard unsafe Glibc.rename(temporary, path) == 0 else { throw fail("renamed into place") }
    try synchronizeFolder(of: path)
  }

  public static func replace(_ path: String, with text: String) throws {
    try replace(path, with: Array(text.utf8))
  }

  /// Makes a rename in the folder of `path` last through a power cut.
  public static func synchronizeFolder(of path: String) throws {
    let descriptor = unsafe open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw InputError(file: folder(of: path), "can't be opened: \(systemMessage())") }
    defer { close(descriptor) }
    // Some file systems refuse fsync on folders; their renames are ordered already.
    _ = fsync(descriptor)
  }
}
