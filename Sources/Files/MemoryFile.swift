import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

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
      try output.write(chunk.byteSpan.extracting(0..<count), at: position)
      position += count
    }
  }
}
