// Memory of the kernels' operands.
#pragma once
#include <stdint.h>

/// `count` zeros (16 at least) at a 64-byte line. Where there is no memory for them the process ends, with a line on standard
/// error and exit code 1.
float *_Nonnull captioneer_allocate(int64_t count);

void captioneer_release(float *_Nullable memory);
