#if canImport(Glibc)
  import Glibc
#endif

/// Writes `text` to standard error, unbuffered. A closed stream is nobody's concern.
public func writeStandardError(_ text: String) {
  let bytes = Array(text.utf8)
  var written = 0
  while written < bytes.count {
    let count = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress! + written, $0.count - written) }
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else { return }
    written += count
  }
}
