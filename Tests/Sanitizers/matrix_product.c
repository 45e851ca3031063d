// Random shapes, orientations and strides through captioneer_multiply_matrices on every CPU level, in buffers of exactly the
// size that is promised, against the plain sum in f64. Built with the address and undefined-behaviour sanitizers by run.sh.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "CKernels.h"

static int below(int limit) { return rand() % limit; }

static float *numbers(size_t count) {
  float *values = malloc(count * sizeof *values);
  for (size_t i = 0; i < count; ++i) values[i] = (float)(rand() % 2001 - 1000) / 1000;
  return values;
}

static int check(int round, float *scratch) {
  const int large = round % 50 == 0;  // beyond the blocks in every direction
  const int rows = 1 + below(large ? 300 : 40), columns = 1 + below(large ? 1300 : 70), depth = 1 + below(large ? 1200 : 60);
  const int a_turned = below(2), b_turned = below(2), accumulates = below(2), is_packed = below(2);
  const int a_stride = (a_turned ? rows : depth) + below(3), b_stride = (b_turned ? depth : columns) + below(3);
  const int c_stride = columns + below(3);
  float *a = numbers((size_t)((a_turned ? depth : rows) - 1) * a_stride + (a_turned ? rows : depth));
  float *b = numbers((size_t)((b_turned ? columns : depth) - 1) * b_stride + (b_turned ? depth : columns));
  const size_t c_count = (size_t)(rows - 1) * c_stride + columns;
  float *c = numbers(c_count), *before = malloc(c_count * sizeof *before), *packed = NULL;
  for (size_t i = 0; i < c_count; ++i) before[i] = c[i];

  captioneer_matrix_product product = {
    .a = a, .a_row = a_turned ? 1 : a_stride, .a_column = a_turned ? a_stride : 1,
    .b = b, .b_row = b_turned ? 1 : b_stride, .b_column = b_turned ? b_stride : 1,
    .c = c, .c_row = c_stride, .rows = rows, .depth = depth, .columns = columns, .accumulates = accumulates};
  if (is_packed) {
    packed = malloc(captioneer_packed_factor_count(depth, columns) * sizeof *packed);
    captioneer_pack_factor(b, product.b_row, product.b_column, depth, columns, packed);
    product.packed = packed;
  }
  captioneer_multiply_matrices(&product, scratch);

  int failures = 0;
  for (size_t i = 0; i < c_count && failures == 0; ++i) {
    const int row = (int)(i / c_stride), column = (int)(i % c_stride);
    double expected = before[i];  // between the rows nothing may change
    if (column < columns) {
      if (!accumulates) expected = 0;
      for (int k = 0; k < depth; ++k)
        expected += (double)a[row * product.a_row + k * product.a_column] * b[k * product.b_row + column * product.b_column];
    }
    if (fabs(expected - c[i]) <= 5e-6 * (depth + 10)) continue;
    printf("%d x %d x %d%s%s%s%s, level %d: [%d, %d] is %g, not %g\n", rows, columns, depth, a_turned ? ", A turned" : "",
           b_turned ? ", B turned" : "", accumulates ? ", added" : "", is_packed ? ", packed" : "",
           captioneer_current_level(), row, column, c[i], expected);
    failures = 1;
  }
  free(a), free(b), free(c), free(before), free(packed);
  return failures;
}

int main(void) {
  float *scratch = aligned_alloc(64, (captioneer_matrix_product_scratch_count() * sizeof(float) + 63) / 64 * 64);
  int failures = 0;
  for (int round = 0; round < 1500; ++round) {
    captioneer_set_level((captioneer_level)(round % 3));
    failures += check(round, scratch);
  }
  free(scratch);
  puts(failures ? "matrix products: wrong" : "matrix products: 1500 random shapes are right");
  return failures != 0;
}
