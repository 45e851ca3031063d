import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// A file's bytes, mapped read-only. The map outlives renames and unlinks of the file.
@safe public final class MappedFile: @unchecked Sendable {
  public let path: String
  private let base: UnsafeRawPointer?
  public let count: Int

  /// - Throws: `InputError` where the file is missing, is no regular file or can't be read.
  public init(path: String) throws {
    self.path = path
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw InputError(file: path, "can't be opened: \(systemMessage())", remedy: "check the path and its permissions")
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw InputError(file: path, "is not a regular file", remedy: "give a file")
    }
    count = Int(status.st_size)
    if count == 0 {
      unsafe base = nil
      return
    }
    let address = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard unsafe address != MAP_FAILED else { throw InputError(file: path, "can't be mapped: \(systemMessage())") }
    unsafe base = UnsafeRawPointer(address)
  }

  deinit {
    if let base = unsafe base { unsafe munmap(UnsafeMutableRawPointer(mutating: base), count) }
  }

  /// The whole file.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = unsafe RawSpan(_unsafeStart: base ?? UnsafeRawPointer(bitPattern: 1)!, byteCount: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Gives the memory of the pages in `range` back; they come again from the page cache when they are read again. Keeps a pass over
  /// a large file small.
  public func discard(_ range: Range<Int>) {
    guard let base = unsafe base, range.upperBound <= count else { return }
    let page = 4096
    let start = range.lowerBound / page * page
    let end = range.upperBound == count ? count : range.upperBound / page * page
    if end > start { unsafe _ = madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED) }
  }

  /// Passes over the whole file front to back in windows, giving each one's memory back: the file never stands in memory whole.
  public func forEachWindow(_ body: (RawSpan) throws -> Void) rethrows {
    let window = 1 << 20
    for start in stride(from: 0, to: count, by: window) {
      let range = start..<min(count, start + window)
      try body(bytes.extracting(range))
      discard(range)
    }
  }

  /// Tells the kernel that the file is read once, front to back.
  public func adviseSequential() {
    if let base = unsafe base { unsafe _ = madvise(UnsafeMutableRawPointer(mutating: base), count, MADV_SEQUENTIAL) }
  }
}

/// What the last failed system call said.
public func systemMessage() -> String {
  unsafe String(cString: strerror(errno))
}
