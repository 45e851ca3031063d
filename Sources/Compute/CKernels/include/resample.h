// The two passes of Pillow's antialiased resize for 8-bit RGB (src/libImaging/Resample.c), in exact integer arithmetic.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Bits after the point of a coefficient; a coefficient lies in 0 ... 1 << 22.
#define CAPTIONEER_RESAMPLE_BITS 22

/// The filter of the rows: output x of a row is
///   clip((sum over t of coefficients[x][t] * row[first[x] + t][c] + half) >> 22)
/// with 2 * pair_count taps, those beyond the filter 0. The same numbers lie here in the layouts of the variants.
typedef struct {
  int32_t inputs, outputs;      ///< pixels
  const int32_t *first;         ///< [outputs], even
  const int32_t *coefficients;  ///< [outputs, 2 * pair_count]
  int32_t pair_count;
  const int32_t *pairs;         ///< [outputs, pair_count, 2]: two taps as 16-bit halves: their bits 15 and up, their low 15 bits
  int32_t quad_count;           ///< 0 where a coefficient does not fit in three digits of 7 bits
  const int32_t *first_quad;    ///< [outputs], multiples of 4
  const int32_t *quads;         ///< [outputs, quad_count, 3]: four taps as bytes: their bits 14 and up, 7 to 13, 0 to 6
} captioneer_resample_filter;

/// One output pixel of each row for each of `outputs`. Rows must be readable for 64 bytes beyond their last pixel, target rows
/// writable for 4 bytes beyond theirs. `scratch`: captioneer_resample_scratch(filter) bytes.
void captioneer_resample_rows(const captioneer_resample_filter *filter, const uint8_t *rows, size_t stride, int row_count,
                              uint8_t *scratch, uint8_t *target, size_t target_stride);
size_t captioneer_resample_scratch(const captioneer_resample_filter *filter);

/// One output row of `count` bytes from `taps` rows of a ring of `capacity` rows, `stride` bytes apart, from row
/// `first` (counted from the image's top) on.
void captioneer_resample_column(const uint8_t *ring, size_t stride, int capacity, int first, const int32_t *coefficients,
                                int taps, int count, uint8_t *target);

/// Interleaved [count, 3] to three planes `plane` bytes apart.
void captioneer_split_planes(const uint8_t *pixels, int count, uint8_t *planes, size_t plane);
