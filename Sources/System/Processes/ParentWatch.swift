#if canImport(Glibc)
  import Glibc
#endif

/// A command that another one runs stops when that one is gone, however it went, as if SIGTERM had come.
///
/// The parent holds the only writing end of a pipe; the kernel closes it with the parent. Unlike a parent-death signal this does not
/// depend on the thread that started the child, and a parent that is gone before the child looks is not missed.
enum ParentWatch {
  static let variable = "CAPTIONEER_PARENT"

  /// Watches the pipe that the parent named, where there is one: SIGIO comes once its other end is closed.
  static func begin() {
    guard let text = unsafe getenv(variable), let descriptor = Int32(unsafe String(cString: text)) else { return }
    unsafe unsetenv(variable)
    // A number that came from elsewhere is none of ours.
    var status = stat()
    guard descriptor > 2, unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETOWN, getpid())
    _ = fcntl(descriptor, F_SETFL, O_ASYNC)
    var entry = pollfd(fd: descriptor, events: 0, revents: 0)
    if unsafe poll(&entry, 1, 0) == 1, Int32(entry.revents) & POLLHUP != 0 { raise(SIGIO) }
  }
}
