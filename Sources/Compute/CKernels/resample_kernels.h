// The kernels of resample.h that are the same source for every CPU level; rows are in resample_rows_….h.
#include <string.h>

enum { bits = CAPTIONEER_RESAMPLE_BITS, half = 1 << (bits - 1) };

// Coefficients are never negative and add up to one, so a sum fits in 31 bits and needs clipping only at the top.
static inline uint8_t rounded(int32_t sum) {
  int32_t value = sum >> bits;
  return (uint8_t)(value > 255 ? 255 : value);
}

// Three bytes of a pixel and one that the next pixel overwrites; four pixels and four bytes likewise.
INLINED void NAME(store_pixel)(uint8_t *target, int32_t pixel) { memcpy(target, &pixel, 4); }

#define RESAMPLE_PARAMETERS                                                                                                     \
  const captioneer_resample_filter *filter, const uint8_t *rows, size_t stride, int row_count, uint8_t *scratch,       \
      uint8_t *target, size_t target_stride

// Down columns: the compiler vectorises it for each level.
static void NAME(resample_column)(const uint8_t *ring, size_t stride, int capacity, int first, const int32_t *coefficients, int taps, int count, uint8_t *target) {
  MARK(resample_column);
  enum { width = 64 };
  for (int start = 0; start < count; start += width) {
    int32_t sums[width];
    int columns = count - start < width ? count - start : width;
    for (int x = 0; x < width; x++) sums[x] = half;
    for (int tap = 0; tap < taps; tap++) {
      const uint8_t *row = ring + (size_t)((first + tap) % capacity) * stride + start;
      int32_t weight = coefficients[tap];
      if (columns == width)
        for (int x = 0; x < width; x++) sums[x] += weight * row[x];
      else
        for (int x = 0; x < columns; x++) sums[x] += weight * row[x];
    }
    for (int x = 0; x < columns; x++) target[start + x] = rounded(sums[x]);
  }
}

static void NAME(split_planes)(const uint8_t *restrict pixels, int count, uint8_t *restrict planes, size_t plane) {
  MARK(split_planes);
  uint8_t *restrict red = planes, *restrict green = planes + plane, *restrict blue = planes + 2 * plane;
  for (int x = 0; x < count; x++) {
    red[x] = pixels[3 * x];
    green[x] = pixels[3 * x + 1];
    blue[x] = pixels[3 * x + 2];
  }
}
