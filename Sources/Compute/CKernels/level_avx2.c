// The kernels in AVX2 and FMA: 6 × 16 register tile (12 accumulators, 2 weights, 1 broadcast of 16 registers).
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "elementary.h"
#include "fused.h"
#include "kernels.h"
#include "vectors.h"

#define NAME(x) x##_avx2

static int NAME(is_available)(void) {
  // All that the target below lets the compiler use: a hypervisor may hide any of it.
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") &&
         __builtin_cpu_supports("sse4.2");
}

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define LEVEL_NAME "avx2"
#define BLAS_CORE "Haswell"
#define FUSED FUSED_BY_CPU
#define TILE_ROWS 6
#define TILE_VECTORS 1
#define FOR_EACH_TILE(T) T(1, 16) T(2, 16) T(3, 16) T(4, 16) T(5, 16) T(6, 16)
#define CRC32C captioneer_crc32c_by_instruction
#define RESAMPLE_ROWS "resample_rows_avx2.h"
#include "vectors_generic.h"
#include "level_kernels.h"

#pragma clang attribute pop
#endif
