// The kernels of elementwise.h, for one CPU level. Vectors of sixteen floats whatever the CPU: the compiler splits them where registers
// are narrower, so that sums keep their order on every level.
#include <math.h>
#include <string.h>

#include "elementary.h"

// Vectors only pass between functions that are inlined, so their calling convention is nobody's concern.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));

#define ALL(value) ((v16){0} + (value))

INLINED v16 NAME(load)(const float *from) {
  v16 x;
  memcpy(&x, from, sizeof x);
  return x;
}

INLINED void NAME(store)(float *to, v16 x) { memcpy(to, &x, sizeof x); }

INLINED v16 NAME(select)(i16 mask, v16 a, v16 b) {
  return (v16)((mask & (i16)a) | (~mask & (i16)b));
}

// Cephes expf: 2^n times a polynomial in the remainder; relative error below 2e-7, 0 below -87.3.
INLINED v16 NAME(exp16)(v16 x) {
  const v16 largest = ALL(88.37f), smallest = ALL(-87.33f);
  i16 underflow = x < smallest;
  x = NAME(select)(x > largest, largest, NAME(select)(underflow, smallest, x));
  v16 n = FUSED(x, ALL(1.44269504088896341f), ALL(12582912.0f)) - 12582912.0f;
  x = FUSED(n, ALL(-0.693359375f), x);
  x = FUSED(n, ALL(2.12194440e-4f), x);
  v16 y = ALL(1.9875691500e-4f);
  y = FUSED(y, x, ALL(1.3981999507e-3f));
  y = FUSED(y, x, ALL(8.3334519073e-3f));
  y = FUSED(y, x, ALL(4.1665795894e-2f));
  y = FUSED(y, x, ALL(1.6666665459e-1f));
  y = FUSED(y, x, ALL(5.0000001201e-1f));
  y = FUSED(y * x, x, x) + 1.0f;
  i16 exponent = (__builtin_convertvector(n, i16) + 127) << 23;
  return (v16)((i16)(y * (v16)exponent) & ~underflow);
}

// Cephes tanhf: a polynomial near zero, exp elsewhere; absolute error below 1.2e-7.
INLINED v16 NAME(tanh16)(v16 x) {
  const i16 sign = (i16){0} + (int32_t)0x80000000;
  v16 size = (v16)((i16)x & ~sign);
  v16 z = x * x;
  v16 near = ALL(-5.70498872745e-3f);
  near = FUSED(near, z, ALL(2.06390887954e-2f));
  near = FUSED(near, z, ALL(-5.37397155531e-2f));
  near = FUSED(near, z, ALL(1.33314422036e-1f));
  near = FUSED(near, z, ALL(-3.33332819422e-1f));
  near = FUSED(near * z, x, x);
  // A NaN must stay one: a comparison with it is false, so it takes the near branch.
  v16 far = 1.0f - 2.0f / (NAME(exp16)(size + size) + 1.0f);
  far = (v16)((i16)far | ((i16)x & sign));
  return NAME(select)(size >= 0.625f, far, near);
}

static void NAME(tanh)(float *x, size_t count) {
  MARK(tanh);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) NAME(store)(x + i, NAME(tanh16)(NAME(load)(x + i)));
  if (i < count) {
    float rest[16] = {0};
    memcpy(rest, x + i, (count - i) * sizeof *x);
    NAME(store)(rest, NAME(tanh16)(NAME(load)(rest)));
    memcpy(x + i, rest, (count - i) * sizeof *x);
  }
}

static void NAME(add_bias)(float *x, const float *bias, size_t rows, size_t columns) {
  MARK(add_bias);
  for (size_t r = 0; r < rows; r++, x += columns)
    for (size_t c = 0; c < columns; c++) x[c] += bias[c];
}

static void NAME(tanh_gradient)(float *gradient, const float *carry, size_t carry_count, const float *y,
                                        size_t count) {
  MARK(tanh_gradient);
  for (size_t i = 0; i < carry_count; i++) gradient[i] = (gradient[i] + carry[i]) * FUSED(-y[i], y[i], 1.0f);
  for (size_t i = carry_count; i < count; i++) gradient[i] = gradient[i] * FUSED(-y[i], y[i], 1.0f);
}

static void NAME(add_column_sums)(const float *x, size_t rows, size_t columns, size_t stride, float *sums) {
  MARK(add_column_sums);
  for (size_t r = 0; r < rows; r++, x += stride)
    for (size_t c = 0; c < columns; c++) sums[c] += x[c];
}

static double NAME(softmax_row)(float *row, const float *bias, int32_t target, size_t columns, float scale,
                                        float *bias_gradient) {
  size_t whole = columns / 16 * 16;
  if (bias)
    for (size_t c = 0; c < columns; c++) row[c] += bias[c];
  v16 highest = (v16){0} - INFINITY;
  for (size_t c = 0; c < whole; c += 16) highest = __builtin_elementwise_max(highest, NAME(load)(row + c));
  float top = -INFINITY;
  for (int lane = 0; lane < 16; lane++) top = highest[lane] > top ? highest[lane] : top;
  for (size_t c = whole; c < columns; c++) top = row[c] > top ? row[c] : top;
  float aimed = row[target];
  float rest[16];
  for (int lane = 0; lane < 16; lane++) rest[lane] = -INFINITY;
  memcpy(rest, row + whole, (columns - whole) * sizeof *row);
  v16 last = NAME(exp16)(NAME(load)(rest) - top);
  v16 sums = last;
  for (size_t c = 0; c < whole; c += 16) {
    v16 e = NAME(exp16)(NAME(load)(row + c) - top);
    if (bias_gradient) NAME(store)(row + c, e);
    sums += e;
  }
  float sum = 0;
  for (int lane = 0; lane < 16; lane++) sum += sums[lane];
  if (bias_gradient) {
    NAME(store)(rest, last);
    memcpy(row + whole, rest, (columns - whole) * sizeof *row);
    float factor = scale / sum;
    row[target] -= sum;
    for (size_t c = 0; c < columns; c++) {
      row[c] *= factor;
      bias_gradient[c] += row[c];
    }
  }
  // A row with a NaN has a NaN in its sum, and so in the loss.
  return captioneer_log((double)sum) - ((double)aimed - (double)top);
}

static double NAME(softmax_loss)(float *scores, const float *bias, const int32_t *targets, int32_t ignored,
                                         size_t rows, size_t columns, float scale, float *bias_gradient) {
  MARK(softmax_loss);
  double loss = 0;
  for (size_t r = 0; r < rows; r++, scores += columns) {
    if (targets[r] == ignored) {
      if (bias_gradient) memset(scores, 0, columns * sizeof *scores);
    } else {
      loss += NAME(softmax_row)(scores, bias, targets[r], columns, scale, bias_gradient);
    }
  }
  return loss;
}

static void NAME(scatter_add_rows)(const float *x, const int32_t *indices, size_t rows, size_t columns,
                                           size_t first, size_t count, float *table) {
  MARK(scatter_add_rows);
  for (size_t r = 0; r < rows; r++) {
    const float *restrict from = x + r * columns + first;
    float *restrict to = table + (size_t)indices[r] * columns + first;
    for (size_t c = 0; c < count; c++) to[c] += from[c];
  }
}

static void NAME(adam)(float *restrict parameters, const float *restrict gradients, float *restrict mean,
                               float *restrict variance, size_t count, float gradient_scale, float step_size,
                               float root_correction, float beta1, float beta2, float epsilon) {
  MARK(adam);
  float keep1 = 1.0f - beta1, keep2 = 1.0f - beta2, inverse = 1.0f / root_correction;
  for (size_t i = 0; i < count; i++) {
    float g = gradients[i] * gradient_scale;
    float m = FUSED(g - mean[i], keep1, mean[i]);
    float v = FUSED(variance[i], beta2, keep2 * g * g);
    mean[i] = m;
    variance[i] = v;
    parameters[i] -= step_size * m / FUSED(sqrtf(v), inverse, epsilon);
  }
}

static double NAME(sum_of_squares)(const float *x, size_t count) {
  MARK(sum_of_squares);
  double lanes[16] = {0}, sum = 0;
  size_t whole = count / 16 * 16;
  for (size_t i = 0; i < whole; i += 16)
    for (int lane = 0; lane < 16; lane++) lanes[lane] += (double)x[i + lane] * x[i + lane];
  for (int lane = 0; lane < 16; lane++) sum += lanes[lane];
  for (size_t i = whole; i < count; i++) sum += (double)x[i] * x[i];
  return sum;
}

static void NAME(widen_halves)(const uint16_t *x, size_t count, float *out) {
  MARK(widen_halves);
  for (size_t i = 0; i < count; i++) {
    _Float16 half;
    memcpy(&half, x + i, sizeof half);
    out[i] = (float)half;
  }
}
