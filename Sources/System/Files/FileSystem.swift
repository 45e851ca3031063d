import CSystem
package import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// Files and folders, each call one system call or a few.
package enum FileSystem {
  /// The names in a folder, in byte order, without `.` and `..`.
  package static func list(_ folder: String) throws -> [String] {
    let remedy = "give a readable folder"
    let descriptor = try Descriptor(opening: folder, O_RDONLY | O_DIRECTORY, "can't be listed", remedy: remedy)
    // The stream owns and closes its own descriptor.
    let twin = fcntl(descriptor.number, F_DUPFD_CLOEXEC, 3)
    guard twin >= 0, let handle = unsafe fdopendir(twin) else {
      throw InputError.system(folder, "can't be listed", remedy: remedy)
    }
    defer { unsafe closedir(handle) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(handle) else { break }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    // Half a list looks like a whole one.
    guard errno == 0 else { throw InputError.system(folder, "can't be listed to its end", remedy: "check the disk") }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Makes `folder` and those above it, so that they last.
  package static func makeFolder(_ folder: String) throws(InputError) {
    if try status(of: folder)?.kind == .folder { return }
    var path = folder.hasPrefix("/") ? "/" : ""
    for part in folder.split(separator: "/") {
      path += (path.isEmpty || path.hasSuffix("/") ? "" : "/") + part
      if unsafe mkdir(path, 0o777) == 0 {
        try synchronizeFolder(of: path)
        continue
      }
      let failure = errno
      if try status(of: path)?.kind != .folder {
        throw .system(path, "the folder can't be made", number: failure, remedy: "choose a writable folder")
      }
    }
  }

  /// Removes a file; one that isn't there is no error.
  package static func remove(_ path: String) throws(InputError) {
    if unsafe unlink(path) != 0 && errno != ENOENT {
      throw .system(path, "can't be removed", remedy: "check the folder's permissions")
    }
  }

  /// The folder of `path`: `.` for a bare name.
  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of `path`.
  package static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// `child` below `folder`, or `child` itself where it is absolute.
  package static func join(_ folder: String, _ child: String) -> String {
    if child.hasPrefix("/") || folder.isEmpty || folder == "." { return child }
    return folder.hasSuffix("/") ? folder + child : folder + "/" + child
  }

  /// The whole of a small text file.
  package static func readText(_ path: String) throws -> String {
    let file = try MappedFile(path: path)
    return unsafe file.bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }

  /// Replaces `path` by `bytes` so that a reader sees the old file or the new one whole, and makes that last. Whoever replaces the
  /// same file at the same time waits, or is told so.
  package static func replace(_ path: String, with bytes: [UInt8]) throws {
    let output = try OutputFile(path: path)
    try output.write(bytes.byteSpan, at: 0)
    try output.publish()
  }

  package static func replace(_ path: String, with text: String) throws {
    try replace(path, with: Array(text.utf8))
  }

  /// Makes a new name in the folder of `path` last through a power cut.
  package static func synchronizeFolder(of path: String) throws(InputError) {
    let folder = folder(of: path)
    let descriptor = try Descriptor(opening: folder, O_RDONLY | O_DIRECTORY)
    var status: Int32
    repeat { status = fsync(descriptor.number) } while status != 0 && errno == EINTR
    // Some file systems know no fsync of folders; their renames are ordered already.
    guard status == 0 || [EINVAL, ENOTSUP, EOPNOTSUPP].contains(errno) else {
      throw .system(folder, "can't be brought to the disk", remedy: "check the disk; run the command again")
    }
  }

  /// Makes everything last that was written on the disk of `folder`: one call for many files.
  package static func synchronize(everythingNear folder: String) throws(InputError) {
    let descriptor = try Descriptor(opening: folder, O_RDONLY | O_DIRECTORY)
    guard captioneer_synchronize_disk(descriptor.number) == 0 else {
      throw .system(folder, "can't be brought to the disk", remedy: "check the disk; run the command again")
    }
  }
}
