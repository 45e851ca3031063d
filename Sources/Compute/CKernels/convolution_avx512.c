// The convolution kernels in AVX-512: 14 × 32 register tile (28 accumulators, 2 weights, 1 broadcast of 32 registers). Widths
// 14, 28 and 56 divide by 14, and so do pairs of 7 × 7 maps.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), apply_to = function)

#define NAME(x) x##_avx512
#include "fused.h"
#define FUSED FUSED_BY_CPU
#define TILE_ROWS 14
#define TILE_VECTORS 2
#define FOR_EACH_TILE(T)                                                                                            \
  T(1, 1) T(2, 1) T(3, 1) T(4, 1) T(5, 1) T(6, 1) T(7, 1) T(8, 1) T(9, 1) T(10, 1) T(11, 1) T(12, 1) T(13, 1)        \
  T(14, 1) T(1, 2) T(2, 2) T(3, 2) T(4, 2) T(5, 2) T(6, 2) T(7, 2) T(8, 2) T(9, 2) T(10, 2) T(11, 2) T(12, 2)        \
  T(13, 2) T(14, 2)
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
#include "convolution_kernels.h"
#include "matrix_product_levels.h"
#include "matrix_product_kernels.h"

#pragma clang attribute pop
#endif
