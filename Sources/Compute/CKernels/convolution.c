// Convolutions' ways into the kernels, and their weights' layout. Blocks are in convolution_block.c.
#include "convolution.h"

#include <string.h>

#include "kernels.h"

void captioneer_multiply(const captioneer_product *product) { captioneer_kernels_in_force()->convolve(product); }

void captioneer_convolve_depthwise(const captioneer_depthwise *depthwise) {
  captioneer_kernels_in_force()->depthwise(depthwise);
}

void captioneer_to_half(const float *input, size_t count, uint16_t *output) {
  captioneer_kernels_in_force()->narrow_to_halves(input, count, output);
}

void captioneer_pack_panels(const float *weights, int32_t depth, int32_t columns, float *packed) {
  for (int32_t first = 0; first < columns; first += captioneer_lanes)
    for (int32_t k = 0; k < depth; ++k)
      for (int32_t lane = 0; lane < captioneer_lanes; ++lane)
        *packed++ = first + lane < columns ? weights[(size_t)(first + lane) * depth + k] : 0;
}

void captioneer_pointwise(const float *input, int32_t rows, int32_t depth, int32_t columns, const float *weights,
                          const float *bias, int32_t clamps, float *output, int32_t *offsets) {
  for (int32_t row = 0; row < rows; ++row) offsets[row] = row * columns;
  captioneer_multiply(&(captioneer_product){
    .input = input, .input_stride = depth, .weights = weights, .bias = bias, .offsets = offsets, .output = output,
    .rows = rows, .depth = depth, .columns = columns, .clamps = clamps});
}

void captioneer_average(const float *restrict input, int32_t pixels, int32_t channels, float *restrict output) {
  memcpy(output, input, sizeof(float) * (size_t)channels);
  for (int32_t pixel = 1; pixel < pixels; ++pixel)
    for (int32_t c = 0; c < channels; ++c) output[c] += input[(size_t)pixel * channels + c];
  for (int32_t c = 0; c < channels; ++c) output[c] /= (float)pixels;
}

// Blocks of 8 × 8 by three rounds of interleaving.
static void transpose_block(const float *restrict input, size_t channels, float *restrict output, size_t pixels) {
  typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));
  v8 r[8], t[8];
  for (int i = 0; i < 8; ++i) r[i] = *(const v8 *)(input + (size_t)i * channels);
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = __builtin_shufflevector(r[i], r[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
    t[2 * i + 1] = __builtin_shufflevector(r[i], r[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
  }
  // t[2i], t[2i+1]: pixels i and i + 4 interleaved. Twice more gives all eight pixels of a channel.
  for (int i = 0; i < 2; ++i) {
    for (int h = 0; h < 2; ++h) {
      r[4 * i + 2 * h] = __builtin_shufflevector(t[2 * i + h], t[2 * i + 4 + h], 0, 8, 1, 9, 2, 10, 3, 11);
      r[4 * i + 2 * h + 1] = __builtin_shufflevector(t[2 * i + h], t[2 * i + 4 + h], 4, 12, 5, 13, 6, 14, 7, 15);
    }
  }
  for (int i = 0; i < 4; ++i) {
    *(v8 *)(output + (size_t)(2 * i) * pixels) =
      __builtin_shufflevector(r[i], r[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
    *(v8 *)(output + (size_t)(2 * i + 1) * pixels) =
      __builtin_shufflevector(r[i], r[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
  }
}

void captioneer_transpose(const float *input, int32_t pixels, int32_t channels, float *output) {
  const int32_t whole_pixels = pixels / 8 * 8, whole_channels = channels / 8 * 8;
  for (int32_t c = 0; c < whole_channels; c += 8)
    for (int32_t pixel = 0; pixel < whole_pixels; pixel += 8)
      transpose_block(input + (size_t)pixel * (size_t)channels + c, (size_t)channels,
                      output + (size_t)c * (size_t)pixels + pixel, (size_t)pixels);
  for (int32_t pixel = 0; pixel < pixels; ++pixel)
    for (int32_t c = pixel < whole_pixels ? whole_channels : 0; c < channels; ++c)
      output[(size_t)c * pixels + pixel] = input[(size_t)pixel * channels + c];
}
