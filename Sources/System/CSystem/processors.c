#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "CSystem.h"

// Processors of the affinity mask, which may be larger than glibc's set of 1,024.
static int in_mask(void) {
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

// The quota of one control group (version 2) in whole processors, rounded up; `most` where it has none.
static int quota(const char *folder, int most) {
  char path[4200];
  if (snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", folder) >= (int)sizeof path) return most;
  FILE *file = fopen(path, "re");
  if (!file) return most;
  long long time = 0, period = 0;
  int found = fscanf(file, "%lld %lld", &time, &period);
  fclose(file);
  if (found != 2 || time <= 0 || period <= 0) return most;
  long long count = (time + period - 1) / period;
  return count < most ? (int)count : most;
}

int captioneer_processor_count(void) {
  int count = in_mask();
  char group[4096] = "";
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (file) {
    char line[4096];
    while (fgets(line, sizeof line, file)) {
      if (strncmp(line, "0::/", 4) == 0) {
        line[strcspn(line, "\n")] = 0;
        strcpy(group, line + 3);
      }
    }
    fclose(file);
  }
  // A group obeys those above it too.
  for (;;) {
    count = quota(group, count);
    char *slash = strrchr(group, '/');
    if (!slash) return count > 0 ? count : 1;
    *slash = 0;
  }
}
