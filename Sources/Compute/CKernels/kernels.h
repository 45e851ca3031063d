// What a CPU level is: its kernels. Private to CKernels.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "convolution.h"
#include "resample.h"

/// A register tile of a matrix product: C's [its rows, its columns] (+)= A's panel · B's panels, each [depth][16] and `panel` floats
/// from the one before; `last` columns of the last 16 exist.
typedef void (*captioneer_product_tile)(const float *a, const float *b, int depth, ptrdiff_t panel, float *c,
                                        ptrdiff_t c_row, int last, int accumulates);

typedef struct {
  const char *name;          ///< as CAPTIONEER_CPU has it
  int (*is_available)(void);  ///< whether this CPU has the instructions
  const char *blas_core;     ///< its kernels in OpenBLAS, or NULL

  // Convolutions: convolution.h.
  void (*convolve)(const captioneer_product *);
  void (*depthwise)(const captioneer_depthwise *);
  void (*normalise)(const uint8_t *input, int count, float scale, float shift, float *output);
  void (*narrow_to_halves)(const float *input, size_t count, uint16_t *output);

  // Matrix products: matrix_product.h.
  /// Lays out `panels` panels, panel p with rows bounds[p] ..< bounds[p + 1] (at most 16) of the operand input[i · row + k · column]:
  /// output[bounds[p] · depth + k · step + i], zero up to `step`; where `step` is 0, with the panel's own width. Each panel may
  /// be followed by 16 floats of garbage.
  void (*pack)(const float *input, ptrdiff_t row, ptrdiff_t column, const int *bounds, int panels, int depth, int step,
               float *output);
  const captioneer_product_tile *tiles;  ///< [tile_rows][tile_vectors]
  int tile_rows, tile_vectors;

  // Elementwise: elementwise.h.
  void (*tanh)(float *x, size_t count);
  void (*tanh_gradient)(float *gradient, const float *carry, size_t carry_count, const float *y, size_t count);
  void (*add_bias)(float *x, const float *bias, size_t rows, size_t columns);
  void (*add_column_sums)(const float *x, size_t rows, size_t columns, size_t stride, float *sums);
  double (*softmax_loss)(float *scores, const float *bias, const int32_t *targets, int32_t ignored, size_t rows,
                         size_t columns, float scale, float *bias_gradient);
  void (*scatter_add_rows)(const float *x, const int32_t *indices, size_t rows, size_t columns, size_t first, size_t count,
                           float *table);
  void (*widen_halves)(const uint16_t *x, size_t count, float *out);
  void (*adam)(float *parameters, const float *gradients, float *mean, float *variance, size_t count, float gradient_scale,
               float step_size, float root_correction, float beta1, float beta2, float epsilon);
  double (*sum_of_squares)(const float *x, size_t count);

  // Pixels: resample.h.
  void (*resample_rows)(const captioneer_resample_filter *filter, const uint8_t *rows, size_t stride, int row_count,
                        uint8_t *scratch, uint8_t *target, size_t target_stride);
  void (*resample_column)(const uint8_t *ring, size_t stride, int capacity, int first, const int32_t *coefficients, int taps,
                          int count, uint8_t *target);
  void (*split_planes)(const uint8_t *pixels, int count, uint8_t *planes, size_t plane);

  // Checksums: checksum.h, before and after the inversions.
  uint32_t (*crc32c)(uint32_t crc, const uint8_t *bytes, size_t count);
} captioneer_kernels;

/// Those of the level in force, or the end of the process: include/levels.h.
const captioneer_kernels *captioneer_kernels_in_force(void);

// One for each level, in the file of its name.
extern const captioneer_kernels captioneer_kernels_portable;
#if defined(__x86_64__)
extern const captioneer_kernels captioneer_kernels_avx2;
extern const captioneer_kernels captioneer_kernels_avx512;
#endif

#define FOR_EACH_KERNEL(K)                                                                                          \
  K(convolve) K(depthwise) K(normalise) K(narrow_to_halves) K(pack) K(product) K(tanh) K(tanh_gradient) K(add_bias)  \
  K(add_column_sums) K(softmax_loss) K(scatter_add_rows) K(widen_halves) K(adam) K(sum_of_squares) K(resample_rows)  \
  K(resample_column) K(split_planes) K(crc32c)

#define KERNEL_NUMBER(kernel) captioneer_kernel_##kernel,
enum { FOR_EACH_KERNEL(KERNEL_NUMBER) captioneer_kernel_number };
#undef KERNEL_NUMBER

/// Whose kernel the thread ran last.
extern _Thread_local const captioneer_kernels *captioneer_marks[captioneer_kernel_number]
  __attribute__((tls_model("initial-exec")));

/// Stands first in every kernel of a level, so that what is marked is what the level's own file compiled.
#define MARK(kernel) captioneer_marks[captioneer_kernel_##kernel] = &NAME(captioneer_kernels)
