#if canImport(Glibc)
  import Glibc
#endif

/// A line on standard output, at once: the driver waits for it.
func say(_ line: String) {
  print(line)
  fflush(nil)
}
