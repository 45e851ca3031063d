#if canImport(Glibc)
  import Glibc
#endif

/// Bytes of memory that this process can have: what the machine has, or less where a limit (`ulimit -v`, a container's) says so.
package func memoryLimit() -> Int {
  var limit = Int(clamping: sysconf(Int32(_SC_PHYS_PAGES))).multipliedReportingOverflow(
    by: Int(sysconf(Int32(_SC_PAGESIZE)))
  ).partialValue
  for resource in [RLIMIT_AS, RLIMIT_DATA] {
    var bounds = rlimit()
    if unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &bounds) == 0 {
      limit = min(limit, Int(clamping: bounds.rlim_cur))
    }
  }
  for file in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
    guard let handle = unsafe fopen(file, "re") else { continue }
    defer { unsafe fclose(handle) }
    var line = [CChar](repeating: 0, count: 64)
    guard unsafe fgets(&line, 64, handle) != nil else { continue }
    // "max" is no number, and no limit.
    let digits = line.prefix { 48...57 ~= $0 }.map { UInt8(bitPattern: $0) }
    if let bytes = Int(String(decoding: digits, as: UTF8.self)) { limit = min(limit, bytes) }
  }
  return limit
}
