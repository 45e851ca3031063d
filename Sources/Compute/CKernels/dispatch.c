#include "dispatch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_int process_level = -1;
static _Thread_local int thread_level = -1;

captioneer_level captioneer_best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return captioneer_level_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return captioneer_level_avx2;
#endif
  return captioneer_level_portable;
}

void captioneer_set_level(captioneer_level level) {
  captioneer_level best = captioneer_best_level();
  thread_level = (int)(level < best ? level : best);
}

static captioneer_level asked_level(void) {
  static const char *names[] = {"portable", "avx2", "avx512"};
  const char *asked = getenv("CAPTIONEER_CPU");
  for (int level = captioneer_level_portable; asked && level <= captioneer_level_avx512; ++level)
    if (!strcmp(asked, names[level])) return (captioneer_level)level;
  return captioneer_level_avx512;
}

captioneer_level captioneer_current_level(void) {
  if (thread_level >= 0) return (captioneer_level)thread_level;
  int level = atomic_load_explicit(&process_level, memory_order_relaxed);
  if (level >= 0) return (captioneer_level)level;
  captioneer_level wanted = asked_level(), best = captioneer_best_level();
  if (wanted > best) wanted = best;
  atomic_store(&process_level, (int)wanted);
  return wanted;
}
