package import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

extension FileSystem {
  /// Bytes that a file or an archive's entry may have that is read whole: several times the largest photograph.
  package static let wholeFileLimit = 256 << 20

  /// Reads the whole file at `path` into `buffer`, which grows as needed and is never shrunk: for many small files, where
  /// mapping each would cost more.
  ///
  /// - Parameter limit: a larger file is refused before any memory is claimed for it.
  /// - Returns: the number of bytes.
  /// - Throws: `InputError` where the file is missing, is no regular file, is too large or can't be read.
  package static func read(
    _ path: String, into buffer: inout [UInt8], limit: Int = wholeFileLimit
  ) throws(InputError) -> Int {
    // A named pipe must not be waited for.
    let descriptor = try Descriptor(
      opening: path, O_RDONLY | O_NONBLOCK, remedy: "check the path and its permissions")
    let status = try descriptor.status(path)
    guard let signature = status.signature else {
      throw InputError(file: path, "is \(status.kind.words), expected a file")
    }
    let count = signature.size
    guard count <= limit else {
      throw InputError(file: path, "has \(count) bytes, more than the \(limit) that a photograph may have")
    }
    if buffer.count < count {
      buffer = []
      buffer = [UInt8](repeating: 0, count: count + count / 4)
    }
    var done = 0
    while done < count {
      let step = unsafe buffer.withUnsafeMutableBytes { target in
        unsafe Glibc.read(descriptor.number, target.baseAddress! + done, count - done)
      }
      if step < 0 && errno == EINTR { continue }
      guard step >= 0 else { throw .system(path, "can't be read") }
      if step == 0 { break }  // it was cut short meanwhile
      done += step
    }
    return done
  }
}
