import CProcesses

#if canImport(Glibc)
  import Glibc
#endif

/// How many processors this process may use: those of its affinity mask (`taskset`), and no more than its control group's share of time.
package let availableProcessorCount = max(
  1, min(Int(captioneer_processors_in_mask()), ControlGroup.current.processors ?? .max))

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
  return min(limit, ControlGroup.current.memory ?? .max)
}
