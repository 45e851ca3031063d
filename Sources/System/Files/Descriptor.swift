package import Diagnostics
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// An open file, closed with its owner. The one way in which this module opens anything.
///
/// Never 0, 1 or 2: where a standard stream is closed, the next file would take its place, and progress would be written into it.
@safe final class Descriptor: Sendable {
  private let open: Atomic<Int32>

  /// The descriptor's number; -1 once it is closed, so that a late call fails with EBADF.
  var number: Int32 { open.load(ordering: .acquiring) }

  /// - Throws: what `open` failed at, as an error about `file`.
  init(
    opening path: String, _ flags: Int32, mode: mode_t = 0o666, file: String? = nil,
    _ problem: String = "can't be opened",
    remedy: String? = nil
  ) throws(InputError) {
    var number: Int32
    repeat { number = unsafe Glibc.open(path, flags | O_CLOEXEC, mode) } while number < 0 && errno == EINTR
    if (0...2).contains(number) {
      let low = number
      number = fcntl(low, F_DUPFD_CLOEXEC, 3)
      let failure = errno
      Glibc.close(low)
      errno = failure
    }
    guard number >= 0 else { throw .system(file ?? path, problem, remedy: remedy) }
    open = Atomic(number)
  }

  deinit { close() }

  /// Closes it; what the disk has to say at this moment is the answer, 0 for nothing.
  @discardableResult func close() -> Int32 {
    let number = open.exchange(-1, ordering: .acquiringAndReleasing)
    // A child that is just being started still holds the open file, and with it the lock, until it becomes another program.
    if number >= 0 { _ = flock(number, LOCK_UN) }
    // Linux has closed the descriptor even where a signal came between.
    return number >= 0 && Glibc.close(number) != 0 && errno != EINTR ? errno : 0
  }

  /// What closing it would say: network file systems tell a lost write only then. The file and its lock stay.
  func closingError() -> Int32 {
    let twin = fcntl(number, F_DUPFD_CLOEXEC, 3)
    return twin < 0 || (Glibc.close(twin) != 0 && errno != EINTR) ? errno : 0
  }

  func status(_ file: String) throws(InputError) -> FileStatus {
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw .system(file, "can't be looked at") }
    return FileStatus(status)
  }

  /// Takes the only lock on the file, with a moment's patience: a child that this process is just starting holds our locks until it
  /// becomes another program, and whoever is just publishing lets go.
  ///
  /// - Returns: false where another process keeps the lock.
  /// - Throws: where the disk has no locks.
  func lock(_ file: String) throws(InputError) -> Bool {
    var patience = 100
    while flock(number, LOCK_EX | LOCK_NB) != 0 {
      let failure = errno
      if failure == EINTR { continue }
      guard failure == EWOULDBLOCK else {
        throw .system(
          file, "can't be locked against other processes", number: failure,
          remedy: "choose a folder on a disk that knows locks")
      }
      if patience == 0 { return false }
      patience -= 1
      usleep(10_000)
    }
    return true
  }

  /// Writes all of `bytes` from `offset` on.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, _ file: String, remedy: String) throws(InputError) {
    var written = 0
    while written < bytes.count {
      let count = unsafe pwrite(number, bytes.baseAddress! + written, bytes.count - written, offset + written)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw .system(
          file, at: "byte \(offset + written)", "can't be written", number: count == 0 ? EIO : errno, remedy: remedy)
      }
      written += count
    }
  }
}

extension InputError {
  /// What a system call failed at, in the system's words.
  package static func system(
    _ file: String?, at location: String? = nil, _ problem: String, number: Int32 = errno, remedy: String? = nil
  ) -> InputError {
    InputError(
      file: file, at: location, "\(problem): \(unsafe String(cString: strerror(number)))", remedy: remedy,
      errorNumber: number)
  }
}
