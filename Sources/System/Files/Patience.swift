import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// Tries again what the machine may be able to do a moment later: too many open files, short memory, an I/O error. What stays is an error of
/// the run, never a verdict on the file.
package func patiently<Result>(_ body: () throws -> Result) throws -> Result {
  let passing = [EIO, EMFILE, ENFILE, ENOMEM, EAGAIN, EINTR]
  for wait: UInt32 in [1_000, 10_000, 100_000] {
    do { return try body() } catch let error as InputError {
      guard let number = error.errorNumber, passing.contains(number) else { throw error }
      usleep(wait)
    }
  }
  return try body()
}
