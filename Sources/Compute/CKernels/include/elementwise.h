// The elementwise half of a recurrent captioner: what stands between its matrix products.
// All pointers may have any alignment; row strides are in floats; sums run in an order that depends on the sizes alone.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// x = tanh(x)
void captioneer_tanh(float *x, size_t count);

/// x[r,:] = tanh(x[r,:] + bias)
void captioneer_bias_tanh(float *x, const float *bias, size_t rows, size_t columns);

/// gradient = (gradient + carry) * (1 - y * y), where y = tanh(...). `carry` covers the first `carry_count` values.
void captioneer_tanh_gradient(float *gradient, const float *carry, size_t carry_count, const float *y, size_t count);

/// x[r,:] += bias
void captioneer_add_bias(float *x, const float *bias, size_t rows, size_t columns);

/// sums[c] += sum over r of x[r,c], in rising r
void captioneer_add_column_sums(const float *x, size_t rows, size_t columns, size_t stride, float *sums);

/// One pass over each row of `scores` [rows, columns]: adds `bias` (or null), and returns the sum of
/// logsumexp(row) - row[target] over the rows. Targets equal to `ignored` count nothing.
/// Where `bias_gradient` isn't null, the row is replaced by its gradient times `scale`, whose column sums are added to it.
double captioneer_softmax_loss(float *scores, const float *bias, const int32_t *targets, int32_t ignored, size_t rows,
                               size_t columns, float scale, float *bias_gradient);

/// out[r,:] = table[indices[r],:]
void captioneer_gather_rows(const float *table, const int32_t *indices, size_t rows, size_t columns, float *out);

/// table[indices[r], first ..< first + count] += x[r, the same columns], in rising r
void captioneer_scatter_add_rows(const float *x, const int32_t *indices, size_t rows, size_t columns, size_t first,
                                 size_t count, float *table);

/// out = x, widened
void captioneer_widen_halves(const uint16_t *x, size_t count, float *out);

/// The index of the first largest value.
size_t captioneer_argmax(const float *x, size_t count);

/// Adam (Kingma & Ba 2015) as torch.optim.Adam computes it, one pass:
///   m += (g - m)(1 - beta1);  v = beta2 v + (1 - beta2) g g;  p -= rate / correction1 * m / (sqrt(v / correction2) + epsilon)
/// with g = gradient * gradient_scale, step_size = rate / correction1 and root_correction = sqrt(correction2).
void captioneer_adam(float *parameters, const float *gradients, float *mean, float *variance, size_t count,
                     float gradient_scale, float step_size, float root_correction, float beta1, float beta2,
                     float epsilon);

/// Sum of x * x in f64.
double captioneer_sum_of_squares(const float *x, size_t count);
