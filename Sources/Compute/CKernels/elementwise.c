#include "elementwise.h"

#include <string.h>

#include "kernels.h"

void captioneer_tanh(float *x, size_t count) {
  captioneer_kernels_in_force()->tanh(x, count);
}

void captioneer_bias_tanh(float *x, const float *bias, size_t rows, size_t columns) {
  const captioneer_kernels *kernels = captioneer_kernels_in_force();
  for (size_t r = 0; r < rows; r++, x += columns) {
    kernels->add_bias(x, bias, 1, columns);
    kernels->tanh(x, columns);
  }
}

void captioneer_tanh_gradient(float *gradient, const float *carry, size_t carry_count, const float *y, size_t count) {
  captioneer_kernels_in_force()->tanh_gradient(gradient, carry, carry_count, y, count);
}

void captioneer_add_bias(float *x, const float *bias, size_t rows, size_t columns) {
  captioneer_kernels_in_force()->add_bias(x, bias, rows, columns);
}

void captioneer_add_column_sums(const float *x, size_t rows, size_t columns, size_t stride, float *sums) {
  captioneer_kernels_in_force()->add_column_sums(x, rows, columns, stride, sums);
}

double captioneer_softmax_loss(float *scores, const float *bias, const int32_t *targets, int32_t ignored, size_t rows,
                               size_t columns, float scale, float *bias_gradient) {
  return captioneer_kernels_in_force()->softmax_loss(scores, bias, targets, ignored, rows, columns, scale, bias_gradient);
}

void captioneer_gather_rows(const float *table, const int32_t *indices, size_t rows, size_t columns, float *out) {
  for (size_t r = 0; r < rows; r++)
    memcpy(out + r * columns, table + (size_t)indices[r] * columns, columns * sizeof *out);
}

void captioneer_scatter_add_rows(const float *x, const int32_t *indices, size_t rows, size_t columns, size_t first,
                                 size_t count, float *table) {
  captioneer_kernels_in_force()->scatter_add_rows(x, indices, rows, columns, first, count, table);
}

void captioneer_widen_halves(const uint16_t *x, size_t count, float *out) {
  captioneer_kernels_in_force()->widen_halves(x, count, out);
}

size_t captioneer_argmax(const float *x, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; i++)
    if (x[i] > x[best]) best = i;
  return best;
}

void captioneer_adam(float *parameters, const float *gradients, float *mean, float *variance, size_t count,
                     float gradient_scale, float step_size, float root_correction, float beta1, float beta2,
                     float epsilon) {
  captioneer_kernels_in_force()->adam(parameters, gradients, mean, variance, count, gradient_scale, step_size, root_correction, beta1, beta2,
         epsilon);
}

double captioneer_sum_of_squares(const float *x, size_t count) {
  return captioneer_kernels_in_force()->sum_of_squares(x, count);
}
