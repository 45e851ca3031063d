// Products of a matrix with one vector: what captioning a single photograph waits for.
#pragma once
#include <stddef.h>

/// y[r] = bias[r] + Σ matrix[r, c] x[c]. `bias` may be null.
///
/// `matrix` is [rows, columns] without gaps, `y` may not overlap `x`. The sums' order does not depend on the CPU.
void captioneer_matrix_vector(const float *matrix, const float *x, const float *bias, size_t rows, size_t columns, float *y);
