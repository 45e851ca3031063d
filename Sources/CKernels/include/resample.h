// The two passes of Pillow's antialiased resize for 8-bit RGB (src/libImaging/Resample.c), in exact integer arithmetic.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Bits after the point of a coefficient; a coefficient lies in 0 ... 1 << 22.
#define CAPTIONEER_RESAMPLE_BITS 22

/// One output pixel of each row for each of `outputs`:
///   target[x][c] = clip((sum over t of coefficients[x][t] * row[first[x] + t][c] + half) >> 22)
/// with 8 * groups taps, those beyond the filter 0. Rows must be readable for 64 bytes beyond their last pixel, target rows
/// writable for 1 byte beyond theirs.
/// - coefficients: [outputs, groups, 8], for the portable variant
/// - pairs: [outputs, groups, 8]: coefficients two by two as 16-bit halves for multiply-and-add: bits 15 and up of taps
///   (0,1) (2,3) (4,5) (6,7), then the low 15 bits of the same
void captioneer_resample_rows(const uint8_t *rows, size_t stride, int row_count, const int32_t *first,
                              const int32_t *coefficients, const int32_t *pairs, int groups, int outputs,
                              uint8_t *target, size_t target_stride);

/// One output row of `count` bytes from `taps` rows of a ring of `capacity` rows, `stride` bytes apart, from row
/// `first` (counted from the image's top) on.
void captioneer_resample_column(const uint8_t *ring, size_t stride, int capacity, int first, const int32_t *coefficients,
                                int taps, int count, uint8_t *target);

/// Interleaved [count, 3] to three planes `plane` bytes apart.
void captioneer_split_planes(const uint8_t *pixels, int count, uint8_t *planes, size_t plane);
