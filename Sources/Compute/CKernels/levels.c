#include "kernels.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "levels.h"

// The CPU levels, best first: the first whose CPU this is gets the work. A further level (AMX, AVX-512 with bfloat16) is a row here, its
// declaration in kernels.h and a file like level_avx512.c that fills a `captioneer_kernels`: names, tests and sanitizers walk this table.
static const captioneer_kernels *const levels[] = {
#if defined(__x86_64__)
  &captioneer_kernels_avx512,
  &captioneer_kernels_avx2,
#endif
  &captioneer_kernels_portable,
};
enum { level_count = sizeof levels / sizeof *levels };

static _Atomic(const captioneer_kernels *) of_process;
static _Thread_local const captioneer_kernels *of_thread;
_Thread_local const captioneer_kernels *captioneer_marks[captioneer_kernel_number];

static int is_available(int level) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  return levels[level]->is_available();
}

// Wrong arithmetic that nobody asked for is worse than none. A kernel has no way to throw, and may run in any thread.
_Noreturn static void refuse(const char *asked) {
  char line[512];
  int length = snprintf(line, sizeof line, "captioneer: CAPTIONEER_CPU: no kernels for '%.64s': this CPU has", asked);
  for (int level = level_count - 1; level >= 0; --level)
    if (is_available(level))
      length += snprintf(line + length, sizeof line - (size_t)length, " %s", levels[level]->name);
  length += snprintf(line + length, sizeof line - (size_t)length, "; correct it or unset it\n");
  if (write(STDERR_FILENO, line, (size_t)length) < 0) _exit(1);
  _exit(1);
}

static const captioneer_kernels *chosen(void) {
  const char *asked = getenv("CAPTIONEER_CPU");
  const int is_asked = asked && *asked;
  for (int level = 0; level < level_count; ++level)
    if ((!is_asked || !strcmp(asked, levels[level]->name)) && is_available(level)) return levels[level];
  refuse(is_asked ? asked : "");
}

const captioneer_kernels *captioneer_kernels_in_force(void) {
  if (of_thread) return of_thread;
  const captioneer_kernels *kernels = atomic_load_explicit(&of_process, memory_order_relaxed);
  if (!kernels) {
    kernels = chosen();
    atomic_store_explicit(&of_process, kernels, memory_order_relaxed);
  }
  return kernels;
}

static int place_of(const captioneer_kernels *kernels) {
  int level = level_count - 1;
  while (level >= 0 && levels[level] != kernels) --level;
  return level;
}

int captioneer_level_count(void) { return level_count; }
const char *captioneer_level_name(int level) { return levels[level]->name; }
int captioneer_level_is_available(int level) { return is_available(level); }
const char *captioneer_level_blas_core(int level) { return levels[level]->blas_core; }
int captioneer_current_level(void) { return place_of(captioneer_kernels_in_force()); }

void captioneer_set_level(int level) {
  if (level >= level_count || (level >= 0 && !is_available(level)))
    refuse(level < level_count ? levels[level]->name : "no level");
  of_thread = level < 0 ? NULL : levels[level];
}

#define KERNEL_NAME(kernel) #kernel,
static const char *const kernel_names[] = {FOR_EACH_KERNEL(KERNEL_NAME)};

int captioneer_kernel_count(void) { return captioneer_kernel_number; }
const char *captioneer_kernel_name(int kernel) { return kernel_names[kernel]; }
int captioneer_kernel_mark(int kernel) { return place_of(captioneer_marks[kernel]); }
void captioneer_forget_marks(void) { memset(captioneer_marks, 0, sizeof captioneer_marks); }
