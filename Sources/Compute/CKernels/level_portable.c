// The kernels for any CPU: NEON on arm64 and SSE2 on x86 through the compiler's vectors.
#include <math.h>
#include <string.h>

#include "fused.h"
#include "kernels.h"
#include "vectors.h"

#define NAME(x) x##_portable

static int NAME(is_available)(void) {
  return 1;
}

#define LEVEL_NAME "portable"
#define BLAS_CORE NULL
#define FUSED FUSED_PORTABLY
#if defined(__aarch64__)
#define TILE_ROWS 5  // 20 accumulators of 32 registers
#define FOR_EACH_TILE(T) T(1, 16) T(2, 16) T(3, 16) T(4, 16) T(5, 16)
#else
#define TILE_ROWS 2
#define FOR_EACH_TILE(T) T(1, 16) T(2, 16)
#endif
#define TILE_VECTORS 1
#define CRC32C captioneer_crc32c_by_tables
#define RESAMPLE_ROWS "resample_rows_portable.h"
#include "vectors_generic.h"
#include "level_kernels.h"
