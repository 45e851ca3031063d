// Chooses the kernels of the CPU level and lays weights out for them. Blocks are in convolution_block.c.
#include <math.h>
#include <string.h>

#include "convolution_levels.h"
#include "dispatch.h"

const captioneer_convolution_level *captioneer_convolution_kernels(void) {
  switch (captioneer_current_level()) {
#if defined(__x86_64__)
    case captioneer_level_avx512: return &captioneer_convolution_avx512;
    case captioneer_level_avx2: return &captioneer_convolution_avx2;
#endif
    default: return &captioneer_convolution_portable;
  }
}

void captioneer_multiply(const captioneer_product *product) { captioneer_convolution_kernels()->multiply(product); }

void captioneer_convolve_depthwise(const captioneer_depthwise *depthwise) {
  captioneer_convolution_kernels()->depthwise(depthwise);
}

void captioneer_to_half(const float *input, size_t count, uint16_t *output) {
  captioneer_convolution_kernels()->half(input, count, output);
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

void captioneer_transpose(const float *restrict input, int32_t pixels, int32_t channels, float *restrict output) {
  enum { tile = 16 };
  for (int32_t first = 0; first < channels; first += tile)
    for (int32_t pixel = 0; pixel < pixels; ++pixel)
      for (int32_t c = first; c < first + tile && c < channels; ++c)
        output[(size_t)c * pixels + pixel] = input[(size_t)pixel * channels + c];
}
