#include "recurrent.h"

#include <math.h>
#include <string.h>

#include "dispatch.h"
#include "elementary.h"
#include "fused.h"

// Vectors only pass between functions that are inlined, so their calling convention is nobody's concern.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));

#define ALL(value) ((v16){0} + (value))

#define LEVEL(name) name##_portable
#define TARGET
#define FUSED FUSED_PORTABLY
#include "recurrent_kernels.h"
#undef LEVEL
#undef TARGET
#undef FUSED

#if defined(__x86_64__)
#define FUSED FUSED_BY_CPU
#define LEVEL(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma,f16c")))
#include "recurrent_kernels.h"
#undef LEVEL
#undef TARGET

#define LEVEL(name) name##_avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#include "recurrent_kernels.h"
#undef LEVEL
#undef TARGET

#define CHOOSE(name, ...)                                                    \
  switch (captioneer_current_level()) {                                      \
    case captioneer_level_avx512: return name##_avx512(__VA_ARGS__);         \
    case captioneer_level_avx2: return name##_avx2(__VA_ARGS__);             \
    default: return name##_portable(__VA_ARGS__);                            \
  }
#else
#define CHOOSE(name, ...) return name##_portable(__VA_ARGS__);
#endif

void captioneer_tanh(float *x, size_t count) { CHOOSE(tanh, x, count) }

void captioneer_bias_tanh(float *x, const float *bias, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++, x += columns) {
    captioneer_add_bias(x, bias, 1, columns);
    captioneer_tanh(x, columns);
  }
}

void captioneer_tanh_gradient(float *gradient, const float *carry, size_t carry_count, const float *y, size_t count) {
  CHOOSE(tanh_gradient, gradient, carry, carry_count, y, count)
}

void captioneer_add_bias(float *x, const float *bias, size_t rows, size_t columns) {
  CHOOSE(add_bias, x, bias, rows, columns)
}

void captioneer_add_column_sums(const float *x, size_t rows, size_t columns, size_t stride, float *sums) {
  CHOOSE(add_column_sums, x, rows, columns, stride, sums)
}

double captioneer_softmax_loss(float *scores, const float *bias, const int32_t *targets, int32_t ignored, size_t rows,
                               size_t columns, float scale, float *bias_gradient) {
  CHOOSE(softmax_loss, scores, bias, targets, ignored, rows, columns, scale, bias_gradient)
}

void captioneer_gather_rows(const float *table, const int32_t *indices, size_t rows, size_t columns, float *out) {
  for (size_t r = 0; r < rows; r++)
    memcpy(out + r * columns, table + (size_t)indices[r] * columns, columns * sizeof *out);
}

void captioneer_scatter_add_rows(const float *x, const int32_t *indices, size_t rows, size_t columns, size_t first,
                                 size_t count, float *table) {
  CHOOSE(scatter_add_rows, x, indices, rows, columns, first, count, table)
}

void captioneer_widen_halves(const uint16_t *x, size_t count, float *out) { CHOOSE(widen_halves, x, count, out) }

size_t captioneer_argmax(const float *x, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; i++)
    if (x[i] > x[best]) best = i;
  return best;
}

void captioneer_adam(float *parameters, const float *gradients, float *mean, float *variance, size_t count,
                     float gradient_scale, float step_size, float root_correction, float beta1, float beta2,
                     float epsilon) {
  CHOOSE(adam, parameters, gradients, mean, variance, count, gradient_scale, step_size, root_correction, beta1, beta2,
         epsilon)
}

double captioneer_sum_of_squares(const float *x, size_t count) { CHOOSE(sum_of_squares, x, count) }
