#include "resample.h"

#include "kernels.h"

// Blocks of four pixels that a row, or a window longer than it, takes.
static size_t block_count(const captioneer_resample_filter *filter) {
  int blocks = (filter->inputs + 3) / 4, pairs = (filter->pair_count + 1) / 2;
  if (pairs > blocks) blocks = pairs;
  return (size_t)(filter->quad_count > blocks ? filter->quad_count : blocks);
}

size_t captioneer_resample_scratch(const captioneer_resample_filter *filter) { return block_count(filter) * 128 + 64; }

void captioneer_resample_rows(const captioneer_resample_filter *filter, const uint8_t *rows, size_t stride, int row_count,
                              uint8_t *scratch, uint8_t *target, size_t target_stride) {
  scratch = (uint8_t *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63);
  captioneer_kernels_in_force()->resample_rows(filter, rows, stride, row_count, scratch, target, target_stride);
}

void captioneer_resample_column(const uint8_t *ring, size_t stride, int capacity, int first, const int32_t *coefficients,
                                int taps, int count, uint8_t *target) {
  captioneer_kernels_in_force()->resample_column(ring, stride, capacity, first, coefficients, taps, count, target);
}

void captioneer_split_planes(const uint8_t *pixels, int count, uint8_t *planes, size_t plane) {
  captioneer_kernels_in_force()->split_planes(pixels, count, planes, plane);
}
