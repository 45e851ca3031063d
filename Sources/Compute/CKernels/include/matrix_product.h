// General matrix products, f32, row-major: packed operands and a register tile, after Goto & van de Geijn, "Anatomy of
// High-Performance Matrix Multiplication" (2008).
#pragma once
#include <stddef.h>
#include <stdint.h>

/// C = A · B, or C += A · B. Sums run in rising k within blocks that depend on `depth` alone, so that an element's bits do not
/// depend on how rows and columns are shared out.
typedef struct {
  const float *a;                     ///< A[m, k] at a[m · a_row + k · a_column]; one of the two is 1
  ptrdiff_t a_row, a_column;
  const float *b;                     ///< B[k, n] at b[k · b_row + n · b_column]; one of the two is 1
  ptrdiff_t b_row, b_column;
  const float *packed;                ///< B as `captioneer_pack_factor` left it, or NULL
  float *c;                           ///< C[m, n] at c[m · c_row + n]
  ptrdiff_t c_row;
  int32_t rows, depth, columns;
  int32_t accumulates;
} captioneer_matrix_product;

/// Floats that `captioneer_pack_factor` fills.
size_t captioneer_packed_factor_count(int32_t depth, int32_t columns);

/// Lays B [depth, columns] out once for many products.
void captioneer_pack_factor(const float *b, ptrdiff_t b_row, ptrdiff_t b_column, int32_t depth, int32_t columns,
                            float *packed);

/// Floats of working memory that a product takes at most, whatever its sizes; at a 64-byte boundary.
size_t captioneer_matrix_product_scratch_count(void);

void captioneer_multiply_matrices(const captioneer_matrix_product *product, float *scratch);
