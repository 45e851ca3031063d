// The multiply-add of every kernel, rounded once: an output's bits are then the same on every CPU. The compiler is told to fuse
// nothing by itself (-ffp-contract=off), so what is fused stands in the source. Private to CKernels.
#pragma once
#include <stdint.h>
#include <string.h>

/// a · b + c for floats or vectors of floats of one type; where the level has the instruction.
#define FUSED_BY_CPU(a, b, c) __builtin_elementwise_fma((a), (b), (c))

#if defined(__x86_64__)
typedef float fused_floats __attribute__((vector_size(16)));
typedef double fused_doubles __attribute__((vector_size(32)));
typedef int64_t fused_bits __attribute__((vector_size(32)));

// x86 without FMA: the product of two floats is exact in f64, their sum with a third is not, and rounding it twice could go
// wrong. So the f64 sum is rounded to odd (Boldo & Melquiond 2008): where it is inexact its last bit is made 1, on the side
// where the exact sum lies. Rounding that to f32 rounds the exact sum.
static inline __attribute__((always_inline)) void captioneer_fuse(const float *a, const float *b, float *c, int count) {
  for (int first = 0; first < count; first += 4) {
    const size_t size = sizeof(float) * (size_t)(count - first < 4 ? count - first : 4);
    fused_floats x = {0}, y = {0}, z = {0};
    memcpy(&x, a + first, size);
    memcpy(&y, b + first, size);
    memcpy(&z, c + first, size);
    const fused_doubles product = __builtin_convertvector(x, fused_doubles) * __builtin_convertvector(y, fused_doubles);
    const fused_doubles addend = __builtin_convertvector(z, fused_doubles), sum = product + addend;
    const fused_doubles part = sum - product, error = (product - (sum - part)) + (addend - part);
    const fused_bits bits = (fused_bits)sum, is_inexact = (fused_bits)(error > 0.0) | (fused_bits)(error < 0.0);
    const fused_bits is_even = (bits & 1) - 1, is_nearer_zero = (bits ^ (fused_bits)error) >> 63;
    z = __builtin_convertvector((fused_doubles)(bits + ((is_nearer_zero | 1) & is_inexact & is_even)), fused_floats);
    memcpy(c + first, &z, size);
  }
}

#define FUSED_BY_HAND(a, b, c)                                                                                      \
  ({                                                                                                                \
    __typeof__(c) fused_a_ = (a), fused_b_ = (b), fused_c_ = (c);                                                   \
    captioneer_fuse((const float *)&fused_a_, (const float *)&fused_b_, (float *)&fused_c_, sizeof fused_c_ / sizeof(float)); \
    fused_c_;                                                                                                       \
  })
#define FUSED_PORTABLY FUSED_BY_HAND
#else
#define FUSED_PORTABLY FUSED_BY_CPU
#endif
