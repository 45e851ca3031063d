// The two passes of Pillow's antialiased resize for 8-bit RGB (src/libImaging/Resample.c), in exact integer arithmetic.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Bits after the point of a coefficient; a coefficient lies in 0 ... 1 << 22.
#define CAPTIONEER_RESAMPLE_BITS 22

/// One output pixel of each row for each of `outputs`:
///   target[x][c] = clip((sum over t of coefficients[x][t] * row[first[x] + t][c] + half) >> 22)
/// with 2 * pair_count taps, those beyond the filter 0. `first` is even. Rows must be readable for 64 bytes beyond their last
/// pixel, target rows writable for 1 byte beyond theirs.
/// - coefficients: [outputs, 2 * pair_count], for the portable variant
/// - pairs: [outputs, pair_count, 2]: two coefficients at a time as 16-bit halves for multiply-and-add: their bits 15 and
///   up, then their low 15 bits
/// - scratch: captioneer_resample_scratch(inputs, pair_count) bytes
void captioneer_resample_rows(const uint8_t *rows, size_t stride, int row_count, int inputs, const int32_t *first,
                              const int32_t *coefficients, const int32_t *pairs, int pair_count, int outputs,
                              uint8_t *scratch, uint8_t *target, size_t target_stride);
size_t captioneer_resample_scratch(int inputs, int pair_count);

/// One output row of `count` bytes from `taps` rows of a ring of `capacity` rows, `stride` bytes apart, from row
/// `first` (counted from the image's top) on.
void captioneer_resample_column(const uint8_t *ring, size_t stride, int capacity, int first, const int32_t *coefficients,
                                int taps, int count, uint8_t *target);

/// Interleaved [count, 3] to three planes `plane` bytes apart.
void captioneer_split_planes(const uint8_t *pixels, int count, uint8_t *planes, size_t plane);
