#if canImport(Glibc)
  import Glibc
#endif

/// The terminal that standard error goes to.
package enum Terminal {
  /// False for files, pipes, and terminals that know no control codes.
  package static let isUsable: Bool = {
    if let kind = unsafe getenv("TERM"), unsafe String(cString: kind) == "dumb" { return false }
    return isatty(2) == 1
  }()

  /// Its columns now; it may be made narrower at any time.
  package static var width: Int {
    var size = winsize()
    guard unsafe ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// Seconds of a clock that only goes forward.
package func monotonicSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
