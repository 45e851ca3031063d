import CSystem
package import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// A file's bytes, mapped read-only. The map outlives renames and unlinks of the file.
@safe package final class MappedFile: @unchecked Sendable {
  package let path: String
  private let base: UnsafeRawPointer?
  /// Turns the SIGBUS of a file that is cut while it is read into a line that names it.
  private let watch: UnsafeMutableRawPointer?
  package let count: Int

  /// - Throws: `InputError` where the file is missing, is no regular file or can't be read.
  package convenience init(path: String) throws(InputError) {
    // A named pipe must not be waited for.
    let descriptor = try Descriptor(
      opening: path, O_RDONLY | O_NONBLOCK, remedy: "check the path and its permissions")
    try self.init(mapping: descriptor, path: path)
  }

  init(mapping descriptor: Descriptor, path: String) throws(InputError) {
    self.path = path
    let status = try descriptor.status(path)
    guard let signature = status.signature else {
      throw InputError(file: path, "is \(status.kind.words), expected a file", remedy: "give a file")
    }
    count = signature.size
    if count == 0 {
      unsafe (base, watch) = (nil, nil)
      return
    }
    let address = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor.number, 0)
    guard unsafe address != MAP_FAILED else { throw .system(path, "can't be mapped") }
    unsafe base = UnsafeRawPointer(address)
    unsafe watch = captioneer_watch_map(address, count, path)
  }

  deinit {
    guard let base = unsafe base else { return }
    unsafe captioneer_unwatch_map(watch)
    unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
  }

  /// The whole file.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = unsafe RawSpan(_unsafeStart: base ?? UnsafeRawPointer(bitPattern: 1)!, byteCount: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Gives the memory of the pages in `range` back; they come again from the page cache when they are read again. Keeps a pass over
  /// a large file small.
  package func discard(_ range: Range<Int>) {
    guard let base = unsafe base, range.upperBound <= count else { return }
    let page = pageSize
    let start = range.lowerBound / page * page
    let end = range.upperBound == count ? count : range.upperBound / page * page
    if end > start { unsafe _ = madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED) }
  }

  /// Passes over the whole file front to back in windows, giving each one's memory back: the file never stands in memory whole.
  package func forEachWindow(_ body: (RawSpan) throws -> Void) rethrows {
    let window = 1 << 20
    for start in stride(from: 0, to: count, by: window) {
      let range = start..<min(count, start + window)
      try body(bytes.extracting(range))
      discard(range)
    }
  }
}

/// The machine's, not a number known beforehand: 4 kB on x86, up to 64 kB elsewhere.
private let pageSize = max(1, Int(sysconf(Int32(_SC_PAGESIZE))))
