// The convolution kernels in AVX2 and FMA: 6 × 16 register tile (12 accumulators, 2 weights, 1 broadcast of 16 registers).
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define NAME(x) x##_avx2
#include "fused.h"
#define FUSED FUSED_BY_CPU
#define TILE_ROWS 6
#define TILE_VECTORS 1
#define FOR_EACH_TILE(T) T(1, 1) T(2, 1) T(3, 1) T(4, 1) T(5, 1) T(6, 1)
#include "convolution_generic.h"
#define HALF_VECTORS
#include "convolution_kernels.h"
#include "matrix_product_levels.h"
#include "matrix_product_kernels.h"

#pragma clang attribute pop
#endif
