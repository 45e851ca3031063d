// The kernels in AVX-512: 14 × 32 register tile (28 accumulators, 2 weights, 1 broadcast of 32 registers). Widths 14, 28 and 56 divide
// by 14, and so do pairs of 7 × 7 maps.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "elementary.h"
#include "fused.h"
#include "kernels.h"
#include "vectors.h"

#define NAME(x) x##_avx512

static int NAME(is_available)(void) {
  // All that the target below lets the compiler use: a hypervisor may hide any of it.
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") &&
         __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") &&
         __builtin_cpu_supports("sse4.2");
}

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), apply_to = function)

#define LEVEL_NAME "avx512"
#define BLAS_CORE "SkylakeX"
#define FUSED FUSED_BY_CPU
#define TILE_ROWS 14
#define TILE_VECTORS 2
#define FOR_EACH_TILE(T)                                                                                            \
  T(1, 16) T(2, 16) T(3, 16) T(4, 16) T(5, 16) T(6, 16) T(7, 16) T(8, 16) T(9, 16) T(10, 16) T(11, 16) T(12, 16)     \
  T(13, 16) T(14, 16) T(1, 32) T(2, 32) T(3, 32) T(4, 32) T(5, 32) T(6, 32) T(7, 32) T(8, 32) T(9, 32) T(10, 32)     \
  T(11, 32) T(12, 32) T(13, 32) T(14, 32)
// The value stands second, so that a NaN stays.
#define CLAMP(v) ((vector)_mm512_min_ps(_mm512_set1_ps(6), _mm512_max_ps(_mm512_setzero_ps(), (__m512)(v))))
#define LOAD_TAIL(address, count) ((vector)_mm512_maskz_loadu_ps((__mmask16)((1u << (count)) - 1), (address)))
#define STORE_TAIL(address, value, count) \
  _mm512_mask_storeu_ps((address), (__mmask16)((1u << (count)) - 1), (__m512)(value))
#define HAS_MASKS 1
#define HALF_VECTORS                                                                                                \
  for (; i + 16 <= count; i += 16)                                                                                  \
    _mm256_storeu_si256((__m256i *)(output + i),                                                                    \
                        _mm512_cvtps_ph(_mm512_loadu_ps(input + i), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#define CRC32C captioneer_crc32c_by_instruction
#define RESAMPLE_ROWS "resample_rows_avx512.h"
#include "level_kernels.h"

#pragma clang attribute pop
#endif
