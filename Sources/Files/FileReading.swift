public import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

extension FileSystem {
  /// Reads the whole file at `path` into `buffer`, which grows as needed and is never shrunk: for many small files, where
  /// mapping each would cost more.
  ///
  /// - Returns: the number of bytes.
  /// - Throws: `InputError` where the file is missing, is no regular file or can't be read.
  public static func read(_ path: String, into buffer: inout [UInt8]) throws(InputError) -> Int {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw InputError(file: path, "can't be opened: \(systemMessage())") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw InputError(file: path, "is not a regular file")
    }
    let count = Int(status.st_size)
    if buffer.count < count { buffer = [UInt8](repeating: 0, count: count + count / 4) }
    var done = 0
    while done < count {
      let step = unsafe buffer.withUnsafeMutableBytes { target in
        unsafe Glibc.read(descriptor, target.baseAddress! + done, count - done)
      }
      if step < 0 && errno == EINTR { continue }
      guard step >= 0 else { throw InputError(file: path, "can't be read: \(systemMessage())") }
      if step == 0 { break }  // it was cut short meanwhile
      done += step
    }
    return done
  }
}
