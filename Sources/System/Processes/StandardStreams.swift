package import Diagnostics
import Files

#if canImport(Glibc)
  import Glibc
#endif

/// Descriptors 0, 1 and 2.
package enum StandardStreams {
  /// Called once, before anything else is opened.
  ///
  /// A closed stream is opened on `/dev/null` for reading: no file of ours or of a library's can take its place, and writing to it
  /// fails.
  package static func secure() {
    for stream in Int32(0)...2 where fcntl(stream, F_GETFD) < 0 && errno == EBADF {
      // The lowest free number is given; the root folder is always there, and can't be written either.
      if unsafe open("/dev/null", O_RDONLY) < 0 { unsafe _ = open("/", O_RDONLY) }
    }
  }

  /// - Returns: 0, or what writing failed at.
  fileprivate static func write(_ text: String, to stream: Int32) -> Int32 {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(stream, $0.baseAddress! + written, $0.count - written)
      }
      if count > 0 {
        written += count
      } else if count < 0 && errno == EAGAIN {
        // A pipe that doesn't wait is full: its reader needs a moment.
        var wanted = pollfd(fd: stream, events: Int16(POLLOUT), revents: 0)
        unsafe _ = poll(&wanted, 1, -1)
      } else if count == 0 || errno != EINTR {
        return count == 0 ? EIO : errno
      }
    }
    return 0
  }
}

/// Writes `text` to standard error, unbuffered. A closed stream is nobody's concern.
package func writeStandardError(_ text: String) {
  _ = StandardStreams.write(text, to: 2)
}

/// Writes `text` to standard output, unbuffered.
///
/// - Throws: `InputError` where not all of it could be written: a full disk, a pipe that nobody reads, a closed stream.
package func writeStandardOutput(_ text: String) throws(InputError) {
  let failure = StandardStreams.write(text, to: 1)
  guard failure == 0 else {
    throw .system("standard output", "can't be written", number: failure, remedy: "check where it goes to")
  }
}
