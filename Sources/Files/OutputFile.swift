import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// A file being written in place by several threads, every write checked.
public final class OutputFile: Sendable {
  public let path: String
  fileprivate let descriptor: Int32

  /// Opens or makes `path` and locks it against other processes.
  ///
  /// - Throws: `InputError` where the folder can't be written or another process holds the file.
  public init(path: String, keepsContent: Bool) throws {
    self.path = path
    try FileSystem.makeFolder(FileSystem.folder(of: path))
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw InputError(file: path, "can't be written: \(systemMessage())", remedy: "choose a writable folder")
    }
    // A child that this process is just starting holds our locks until it becomes another program: a moment's patience.
    var patience = 100
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0, patience > 0 {
      patience -= 1
      usleep(10_000)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw InputError(file: path, "another process is making this file", remedy: "wait for it, or stop it")
    }
    if !keepsContent { try truncate(to: 0) }
  }

  deinit { close(descriptor) }

  /// Claims `byteCount` bytes on the disk, so that a full disk is found before the work begins.
  public func claim(_ byteCount: Int) throws {
    var code: Int32
    repeat { code = posix_fallocate(descriptor, 0, byteCount) } while code == EINTR
    guard code == 0 else {
      throw InputError(
        file: path, "\(byteCount) bytes can't be claimed: \(unsafe String(cString: strerror(code)))",
        remedy: "free space or choose another disk; what was there before is untouched")
    }
  }

  public func write(_ bytes: RawSpan, at offset: Int) throws {
    try unsafe bytes.withUnsafeBytes { try unsafe write($0, at: offset) }
  }

  fileprivate func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var written = 0
    while written < bytes.count {
      let count = unsafe pwrite(descriptor, bytes.baseAddress! + written, bytes.count - written, offset + written)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw InputError(
          file: path, at: "byte \(offset + written)", "can't be written: \(systemMessage())",
          remedy: "free space; the same command goes on from here")
      }
      written += count
    }
  }

  /// Adds `text` at the end in one write, so that a reader sees the whole of it or a torn last line.
  public func append(_ text: String, at offset: Int) throws {
    let bytes = Array(text.utf8)
    try unsafe bytes.withUnsafeBytes { try unsafe write($0, at: offset) }
  }

  public func truncate(to byteCount: Int) throws {
    guard ftruncate(descriptor, byteCount) == 0 else {
      throw InputError(file: path, "can't be cut to \(byteCount) bytes: \(systemMessage())")
    }
  }

  public func synchronize() throws {
    guard fsync(descriptor) == 0 else {
      throw InputError(
        file: path, "can't be brought to the disk: \(systemMessage())", remedy: "check the disk; run the command again")
    }
  }

  /// Brings everything to the disk and gives the file its final name; a reader sees the old file or the whole new one.
  public func publish(as name: String) throws {
    try synchronize()
    guard unsafe rename(path, name) == 0 else {
      throw InputError(file: name, "can't be put in place: \(systemMessage())", remedy: "check the folder")
    }
    try FileSystem.synchronizeFolder(of: name)
    // Readers lock too, and this object may outlive the publication.
    flock(descriptor, LOCK_UN)
  }
}

/// A file on the memory file system. Holes cost nothing.
public final class MemoryFile: Sendable {
  private let descriptor: Int32
  /// A path for libraries that open files by name; gone after `unlink`.
  public let path: String

  public init(name: String) throws {
    for folder in ["/dev/shm", "/tmp"] {
      // The name shows nowhere, so it may be random.
      let path = "\(folder)/\(name)-\(getpid())-\(UInt32.random(in: 0 ... .max))"
      let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if descriptor >= 0 {
        self.descriptor = descriptor
        self.path = path
        return
      }
    }
    throw InputError("no file can be made in /dev/shm or /tmp: \(systemMessage())", remedy: "make one of them writable")
  }

  /// Takes the name away, so that nothing stays behind however the process ends. The file itself lives on with its owner.
  public func unlinkName() { unsafe _ = unlink(path) }

  deinit { close(descriptor) }

  public func byteCount() throws -> Int {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw InputError("a memory file is gone: \(systemMessage())") }
    return Int(status.st_size)
  }

  /// Copies a range of bytes to the same place of `output`.
  public func copy(_ range: Range<Int>, to output: OutputFile) throws {
    var chunk = [UInt8](repeating: 0, count: min(1 << 20, max(1, range.count)))
    var position = range.lowerBound
    while position < range.upperBound {
      let wanted = min(chunk.count, range.upperBound - position)
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress!, wanted, position) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw InputError("a memory file can't be read: \(systemMessage())") }
      try unsafe chunk.withUnsafeBytes { bytes in
        try unsafe output.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: position)
      }
      position += count
    }
  }
}
