// What each CPU level provides to matrix_product.c. Private to CKernels.
#pragma once
#include "matrix_product.h"

typedef void (*captioneer_product_tile)(const float *a, const float *b, int depth, ptrdiff_t panel, float *c,
                                        ptrdiff_t c_row, int last, int accumulates);

typedef struct {
  /// Lays out `panels` panels, panel p with rows bounds[p] ..< bounds[p + 1] (at most 16) of the operand input[i · row + k · column]:
  /// output[bounds[p] · depth + k · step + i], zero up to `step`; where `step` is 0, with the panel's own width. Each panel may
  /// be followed by 16 floats of garbage.
  void (*pack)(const float *input, ptrdiff_t row, ptrdiff_t column, const int *bounds, int panels, int depth, int step,
               float *output);
  const captioneer_product_tile *tiles;  ///< [tile_rows][tile_vectors]
  int tile_rows, tile_vectors;
} captioneer_matrix_product_level;

extern const captioneer_matrix_product_level captioneer_matrix_product_portable;
#if defined(__x86_64__)
extern const captioneer_matrix_product_level captioneer_matrix_product_avx2;
extern const captioneer_matrix_product_level captioneer_matrix_product_avx512;
#endif
