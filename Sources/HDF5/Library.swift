import CHDF5
import Diagnostics
import Synchronization

/// Debian's libhdf5 is not thread-safe: one call at a time.
private let libraryLock = Mutex<Void>(())

/// Runs `body` alone in libhdf5, its error printing silenced.
func withLibrary<T>(_ body: () throws -> sending T) throws -> T {
  try libraryLock.withLock { _ in
    captioneer_hdf5_silence()
    return try body()
  }
}

/// The innermost message of libhdf5's error stack as an error about `file`.
func libraryError(_ file: String, _ doing: String) -> InputError {
  InputError(file: file, "\(doing): \(unsafe String(cString: captioneer_hdf5_message()))")
}

/// An identifier that libhdf5 counts, closed with its owner.
struct Handle: ~Copyable {
  let id: hid_t
  private let close: @convention(c) (hid_t) -> herr_t

  init(_ id: hid_t, _ close: @escaping @convention(c) (hid_t) -> herr_t, orThrow error: @autoclosure () -> InputError)
    throws
  {
    guard id >= 0 else { throw error() }
    self.id = id
    self.close = close
  }

  deinit { _ = close(id) }
}
