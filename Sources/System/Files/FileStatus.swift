package import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// What tells one version of a file from another without reading it.
package struct FileSignature: Equatable, Sendable {
  package var size: Int
  package var modified: Int  // nanoseconds
  package var changed: Int  // nanoseconds
  package var inode: Int

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
  package var text: String { "\(size).\(modified).\(changed).\(inode)" }
}

/// What lies under a name.
package enum FileKind: Sendable {
  case file, folder, link, pipe, socket, characterDevice, blockDevice, unknown

  /// `a folder`, as it reads in "is a folder".
  package var words: String {
    switch self {
    case .file: "a file"
    case .folder: "a folder"
    case .link: "a symbolic link"
    case .pipe: "a named pipe"
    case .socket: "a socket"
    case .characterDevice, .blockDevice: "a device"
    case .unknown: "no regular file"
    }
  }
}

/// What lies under a name.
package struct FileStatus: Equatable, Sendable {
  package var kind: FileKind
  /// Of a regular file; nil for folders, devices and the like.
  package var signature: FileSignature?
  /// Device and inode: two names of one file have the same.
  package var identity: [UInt64]
  /// How many names it has.
  var names: Int

  package var isFile: Bool { kind == .file }
  package var isFolder: Bool { kind == .folder }

  init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      case S_IFIFO: .pipe
      case S_IFSOCK: .socket
      case S_IFCHR: .characterDevice
      case S_IFBLK: .blockDevice
      default: .unknown
      }
    signature = FileSignature(status)
    identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
    names = Int(status.st_nlink)
  }
}

extension FileSystem {
  /// What lies at `path`, links followed; nil only where nothing does.
  ///
  /// - Throws: `InputError` where that can't be told: a folder on the way may not be entered, the disk fails.
  package static func status(of path: String) throws(InputError) -> FileStatus? {
    var status = stat()
    if unsafe stat(path, &status) == 0 { return FileStatus(status) }
    return try nothing(at: path)
  }

  /// The same, but a link is told as the link it is.
  static func statusOfName(_ path: String) throws(InputError) -> FileStatus? {
    var status = stat()
    if unsafe lstat(path, &status) == 0 { return FileStatus(status) }
    return try nothing(at: path)
  }

  private static func nothing(at path: String) throws(InputError) -> FileStatus? {
    let number = errno
    if [ENOENT, ENOTDIR, ENAMETOOLONG].contains(number) { return nil }
    throw .system(
      path, "can't be looked at", number: number,
      remedy: "check its permissions and those of the folders above it")
  }

  /// Whether both names mean one file that is there.
  package static func isSameFile(_ one: String, _ other: String) throws(InputError) -> Bool {
    guard let first = try status(of: one), let second = try status(of: other) else { return false }
    return first.identity == second.identity
  }

  /// The place that an output named `path` belongs to: links are followed, also one that points at nothing yet.
  ///
  /// - Throws: `InputError` where that is no place for a file: what is there is a folder, a device, a pipe or a socket, or links lead
  ///   in a circle.
  package static func resolve(_ path: String) throws(InputError) -> String {
    let remedy = "give the name of a file"
    guard !path.isEmpty else { throw InputError("an output has an empty name", remedy: remedy) }
    let known = try status(of: path)
    if let known, known.kind != .file {
      throw InputError(file: path, "is \(known.kind.words), which is not written over", remedy: remedy)
    }
    guard !path.hasSuffix("/") else { throw InputError(file: path, "names a folder, not a file", remedy: remedy) }
    var target = path
    // As many as the kernel follows.
    for _ in 0...40 {
      let status = try statusOfName(target)
      if status?.kind == .link {
        target = join(folder(of: target), try linkedName(target))
      } else {
        // A file that was opened and then removed is still found through /proc, but has no place.
        if let known, status?.identity != known.identity {
          throw InputError(file: path, "leads to a file that has no name any more", remedy: remedy)
        }
        return target
      }
    }
    throw InputError(
      file: path, "symbolic links lead in a circle", remedy: "remove them, or give another name", errorNumber: ELOOP)
  }

  private static func linkedName(_ link: String) throws(InputError) -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe readlink(link, $0.baseAddress!, $0.count) }
    guard count > 0 else { throw .system(link, "the link can't be followed") }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  /// Whether the file `path` lies in `folder` or below it, links followed.
  package static func contains(folder: String, _ path: String) throws(InputError) -> Bool {
    guard let wanted = try status(of: folder)?.identity else { return false }
    var place = FileSystem.folder(of: path)
    // Up through `..`, so that links and mounts are walked as the kernel walks them; the root is its own parent.
    while let here = try status(of: place)?.identity {
      if here == wanted { return true }
      place += "/.."
      if try status(of: place)?.identity == here { return false }
    }
    return false
  }
}
