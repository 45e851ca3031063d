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

/// Lends an identifier that libhdf5 counts and closes it. A close that fails is an error as well: libhdf5 writes late.
func using<T>(
  _ identifier: hid_t, _ close: (hid_t) -> herr_t, orThrow failure: @autoclosure () -> InputError,
  _ body: (hid_t) throws -> T
) throws -> T {
  guard identifier >= 0 else { throw failure() }
  let result: T
  do { result = try body(identifier) } catch {
    _ = close(identifier)
    throw error
  }
  guard close(identifier) >= 0 else { throw failure() }
  return result
}

/// Throws where libhdf5 says that it failed.
func require(_ status: herr_t, orThrow failure: @autoclosure () -> InputError) throws {
  guard status >= 0 else { throw failure() }
}
