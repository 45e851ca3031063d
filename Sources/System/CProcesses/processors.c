#define _GNU_SOURCE
#include <sched.h>
#include <unistd.h>

#include "CProcesses.h"

// The mask may be larger than glibc's set of 1,024.
int captioneer_processors_in_mask(void) {
  for (int most = 1024; most <= 1 << 16; most *= 2) {
    cpu_set_t *set = CPU_ALLOC(most);
    if (!set) break;
    size_t size = CPU_ALLOC_SIZE(most);
    int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}
