#define _GNU_SOURCE
#include "allocation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Matrices are made in the middle of everything, where nobody could go on without them; and on disk it is as after a kill, which
// the same command mends. Nothing here may want memory itself.
_Noreturn static void end(int64_t count) {
  char line[256];
  const int length = snprintf(
    line, sizeof line, "%.64s: not enough memory: %.0f bytes asked; choose smaller sizes or batches, or raise the limit (ulimit -v)\n",
    program_invocation_short_name, (double)count * sizeof(float));
  if (write(STDERR_FILENO, line, (size_t)length) < 0) _exit(1);
  _exit(1);
}

float *captioneer_allocate(int64_t count) {
  if (count < 16) count = 16;
  void *memory = NULL;
  if (count > INT64_MAX / (int64_t)sizeof(float)) end(count);
  const size_t size = (size_t)count * sizeof(float);
  if (posix_memalign(&memory, 64, size) != 0) end(count);
  return memset(memory, 0, size);
}

void captioneer_release(float *memory) { free(memory); }
