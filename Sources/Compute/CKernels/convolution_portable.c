// The convolution kernels for any CPU: NEON on arm64 and SSE2 on x86 through the compiler's vectors.
#define NAME(x) x##_portable
#include "fused.h"
#define FUSED FUSED_PORTABLY
#if defined(__aarch64__)
#define TILE_ROWS 5  // 20 accumulators of 32 registers
#define FOR_EACH_TILE(T) T(1, 1) T(2, 1) T(3, 1) T(4, 1) T(5, 1)
#else
#define TILE_ROWS 2
#define FOR_EACH_TILE(T) T(1, 1) T(2, 1)
#endif
#define TILE_VECTORS 1
#include "convolution_generic.h"
#define HALF_VECTORS
#include "convolution_kernels.h"
#include "matrix_product_levels.h"
#include "matrix_product_kernels.h"
