// Prints a checksum of every kernel's output on fixed inputs, one line each, at the CPU level that is named: equal lines mean
// equal bits. Run by arm64-bits.sh on two architectures.
//
// usage: kernel_bits portable|avx2|avx512
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

// Numbers in -scale ..< scale that a hash of the index gives, tiny and huge ones among them where `is_wild`.
static float *numbers(size_t count, uint32_t seed, float scale, int is_wild) {
  float *values = aligned_alloc(64, (count * sizeof *values + 127) / 64 * 64);
  for (size_t i = 0; i < count; ++i) {
    uint32_t hash = (uint32_t)i * 2654435761u + seed * 40503u;
    hash ^= hash >> 15;
    hash *= 2246822519u;
    hash ^= hash >> 13;
    float value = (float)(hash >> 8) / 8388608 - 1;
    if (is_wild && hash % 7 == 0) value = ldexpf(value, (int)(hash >> 4 & 255) * 3 / 4 - 140);
    values[i] = value * scale;
  }
  return values;
}

static void show(const char *name, const void *bytes, size_t count) {
  printf("%s %08x\n", name, captioneer_crc32c(0, bytes, count));
}

static void matrix_products(int is_wild) {
  static const int shapes[][3] = {{1, 1, 1}, {1, 33, 70}, {3, 5, 7}, {17, 19, 23}, {64, 48, 32}, {129, 257, 65}, {5, 1030, 1100}};
  float *scratch = aligned_alloc(64, (captioneer_matrix_product_scratch_count() * sizeof(float) + 63) / 64 * 64);
  for (size_t shape = 0; shape < sizeof shapes / sizeof *shapes; ++shape) {
    const int rows = shapes[shape][0], depth = shapes[shape][1], columns = shapes[shape][2];
    uint32_t sum = 0;
    for (int kind = 0; kind < 16; ++kind) {
      const int a_turned = kind & 1, b_turned = kind >> 1 & 1;
      float *a = numbers((size_t)rows * depth, 1, 1, is_wild), *b = numbers((size_t)depth * columns, 2, 1, is_wild);
      float *c = numbers((size_t)rows * columns, 3, 1, is_wild);
      float *packed = aligned_alloc(64, (captioneer_packed_factor_count(depth, columns) * sizeof *packed + 63) / 64 * 64);
      captioneer_matrix_product product = {
        .a = a, .a_row = a_turned ? 1 : depth, .a_column = a_turned ? rows : 1,
        .b = b, .b_row = b_turned ? 1 : columns, .b_column = b_turned ? depth : 1,
        .c = c, .c_row = columns, .rows = rows, .depth = depth, .columns = columns, .accumulates = kind >> 2 & 1};
      captioneer_pack_factor(b, product.b_row, product.b_column, depth, columns, packed);
      if (kind & 8) product.packed = packed;
      captioneer_multiply_matrices(&product, scratch);
      sum = captioneer_crc32c(sum, c, sizeof *c * (size_t)(rows * columns));
      free(a), free(b), free(c), free(packed);
    }
    printf("product %d x %d x %d%s %08x\n", rows, depth, columns, is_wild ? " wild" : "", sum);
  }
  free(scratch);
}

static void blocks(void) {
  static const captioneer_block shapes[] = {
    {captioneer_first_stem, 3, 32, 16, 1, 0, 112, 112}, {captioneer_first_stem, 3, 20, 12, 2, 0, 13, 11},
    {captioneer_first_expansion, 16, 96, 24, 2, 0, 56, 56}, {captioneer_first_expansion, 24, 144, 24, 1, 1, 28, 28},
    {captioneer_first_expansion, 5, 37, 11, 2, 0, 6, 6}, {captioneer_first_expansion, 33, 70, 33, 1, 1, 4, 4},
    {captioneer_first_expansion, 160, 960, 320, 1, 0, 4, 4}};
  for (size_t index = 0; index < sizeof shapes / sizeof *shapes; ++index) {
    const captioneer_block *block = &shapes[index];
    const int images = 2, is_stem = block->first == captioneer_first_stem, depth = is_stem ? 27 : block->input;
    const size_t inputs = (size_t)images * block->height * block->width * block->input;
    const size_t outputs =
      (size_t)images * captioneer_block_output_height(block) * captioneer_block_output_width(block) * block->output;
    float *input = numbers(inputs, 7, 3, 0);
    uint8_t *bytes = malloc(inputs);
    for (size_t i = 0; i < inputs; ++i) bytes[i] = (uint8_t)(int)(input[i] * 40 + 128);
    float *first = numbers((size_t)block->expanded * depth, 1, 2 / sqrtf((float)depth), 0);
    float *depthwise = numbers((size_t)block->expanded * 9, 2, 1, 0);
    float *projection = numbers((size_t)block->expanded * block->output, 3, 2 / sqrtf((float)block->expanded), 0);
    float *bias = numbers(1024, 4, 1, 0);
    float *parameters = numbers(captioneer_block_parameter_count(block), 5, 1, 0);
    float *scratch = numbers(captioneer_block_scratch_count(block, images), 6, 1, 0), *output = numbers(outputs, 8, 1, 0);
    captioneer_pack_block(block, first, bias, depthwise, bias + 1, projection, bias + 2, parameters);
    const float scale[] = {0.01712475f, 0.017507f, 0.01742919f}, shift[] = {-2.117904f, -2.0357144f, -1.8044444f};
    captioneer_run_block(block, parameters, is_stem ? (const void *)bytes : input, scale, shift, images, output, scratch);
    printf("block %zu %08x\n", index, captioneer_crc32c(0, output, outputs * sizeof *output));
    free(input), free(bytes), free(first), free(depthwise), free(projection), free(bias), free(parameters), free(scratch);
    free(output);
  }
  const int rows = 31, depth = 320, columns = 1280;
  float *input = numbers((size_t)rows * depth, 1, 3, 0), *weights = numbers((size_t)depth * columns, 2, 0.1f, 0);
  float *bias = numbers((size_t)columns, 3, 1, 0), *packed = numbers((size_t)depth * columns, 4, 1, 0);
  float *output = numbers((size_t)rows * columns, 5, 1, 0), *mean = numbers((size_t)columns, 6, 1, 0);
  int32_t offsets[31];
  captioneer_pack_panels(weights, depth, columns, packed);
  captioneer_pointwise(input, rows, depth, columns, packed, bias, 1, output, offsets);
  show("pointwise", output, sizeof *output * (size_t)(rows * columns));
  captioneer_average(output, rows, columns, mean);
  show("average", mean, sizeof *mean * (size_t)columns);
  uint16_t halves[1280];
  captioneer_to_half(mean, (size_t)columns, halves);
  show("halves", halves, sizeof halves);
  captioneer_widen_halves(halves, (size_t)columns, mean);
  show("widened", mean, sizeof *mean * (size_t)columns);
  free(input), free(weights), free(bias), free(packed), free(output), free(mean);
}

// Sums that lie beside the middle of two floats, nearer than f64 can tell: they must be rounded once.
static void near_ties(void) {
  enum { rows = 4, columns = 16 };
  const float input[rows] = {1 + 0x1p-23f, 1 + 0x1p-12f, -1 - 0x1p-23f, -1 - 0x1p-12f};
  const float beside[] = {1 - 0x1p-23f, 1 - 0x1p-12f + 0x1p-24f}, starts[] = {1, 1 + 0x1p-23f, -1, 2 - 0x1p-23f};
  float weights[columns], bias[columns], output[rows * columns], packed[columns];
  int32_t offsets[rows];
  for (int c = 0; c < columns; ++c) {
    weights[c] = beside[c % 2] * 0x1p-24f;
    bias[c] = starts[c / 2 % 4];
  }
  captioneer_pack_panels(weights, 1, columns, packed);
  captioneer_pointwise(input, rows, 1, columns, packed, bias, 0, output, offsets);
  show("near ties", output, sizeof output);
}

static void recurrent(int is_wild) {
  const size_t rows = 13, columns = 867, count = rows * columns, size = count * sizeof(float);
  float *x = numbers(count, 1, 4, is_wild), *y = numbers(count, 2, 1, is_wild), *bias = numbers(columns, 3, 1, is_wild);
  float *sums = numbers(columns, 4, 1, is_wild);
  captioneer_tanh(x, count);
  show("tanh", x, size);
  captioneer_bias_tanh(y, bias, rows, columns);
  show("bias tanh", y, size);
  captioneer_tanh_gradient(x, y, count / 2, y, count);
  show("tanh gradient", x, size);
  captioneer_add_bias(x, bias, rows, columns);
  captioneer_add_column_sums(x, rows, columns, columns, sums);
  show("column sums", sums, columns * sizeof *sums);
  const int32_t targets[13] = {1, 5, 0, 866, 2, 3, 4, 0, 9, 700, 11, 12, 13};
  float *scores = numbers(count, 5, 9, is_wild);
  double loss = captioneer_softmax_loss(scores, bias, targets, 0, rows, columns, 0.01f, sums);
#ifdef WITHOUT_LOSS
  loss = 0;
#endif
  show("loss", &loss, sizeof loss);
  show("loss gradient", scores, size);
  show("loss bias gradient", sums, columns * sizeof *sums);
  float *parameters = numbers(count, 6, 0.1f, is_wild), *mean = numbers(count, 7, 0.01f, is_wild);
  float *variance = numbers(count, 8, 0.001f, is_wild);
  for (size_t i = 0; i < count; ++i) variance[i] = fabsf(variance[i]);
  captioneer_adam(parameters, scores, mean, variance, count, 0.7f, 1e-3f, 0.9f, 0.9f, 0.999f, 1e-8f);
  show("adam", parameters, size);
  show("adam mean", mean, size);
  show("adam variance", variance, size);
  const double squares = captioneer_sum_of_squares(scores, count);
  show("sum of squares", &squares, sizeof squares);
  const int32_t places[13] = {2, 0, 2, 1, 12, 3, 3, 3, 7, 8, 0, 2, 11};
  captioneer_scatter_add_rows(scores, places, rows, columns, 3, 800, parameters);
  show("scattered", parameters, size);
  free(x), free(y), free(bias), free(sums), free(scores), free(parameters), free(mean), free(variance);
}

#ifndef WITHOUT_LOSS
static void elementary(void) {
  enum { count = 20000 };
  float *seeds = numbers(count, 9, 1, 0);
  static double values[3][count];
  for (int i = 0; i < count; ++i) {
    values[0][i] = captioneer_log(ldexp(fabs((double)seeds[i]) + 1e-9, i % 90 - 60));
    values[1][i] = captioneer_cos((double)seeds[i] * 7);
    values[2][i] = captioneer_exp((double)seeds[i] * 50);
  }
  show("log", values[0], sizeof values[0]);
  show("cos", values[1], sizeof values[1]);
  show("exp", values[2], sizeof values[2]);
  free(seeds);
}
#endif

int main(int count, char **arguments) {
  const char *asked = count < 2 ? "portable" : arguments[1];
  int level = captioneer_level_count() - 1;
  while (level >= 0 && strcmp(asked, captioneer_level_name(level))) --level;
  if (level < 0 || !captioneer_level_is_available(level)) {
    fprintf(stderr, "kernel_bits: this CPU has no %s\n", asked);
    return 2;
  }
  captioneer_set_level(level);
  for (int is_wild = 0; is_wild < 2; ++is_wild) {
    matrix_products(is_wild);
    recurrent(is_wild);
  }
  blocks();
  near_ties();
#ifndef WITHOUT_LOSS
  elementary();
#endif
}
