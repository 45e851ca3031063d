#include "resample.h"

#include <string.h>

#include "dispatch.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#endif

enum { bits = CAPTIONEER_RESAMPLE_BITS, half = 1 << (bits - 1) };

// Coefficients are never negative and add up to one, so a sum fits in 31 bits and needs clipping only at the top.
static inline uint8_t rounded(int32_t sum) {
  int32_t value = sum >> bits;
  return (uint8_t)(value > 255 ? 255 : value);
}

// MARK: Along rows

// Three bytes of a pixel and one that the next pixel overwrites.
__attribute__((unused)) static inline void store(uint8_t *target, int32_t pixel) { memcpy(target, &pixel, 4); }

static void rows_portable(const uint8_t *rows, size_t stride, int row_count, const int32_t *first,
                          const int32_t *coefficients, int groups, int outputs, uint8_t *target, size_t target_stride) {
  for (int row = 0; row < row_count; row++)
    for (int x = 0; x < outputs; x++) {
      const uint8_t *source = rows + (size_t)row * stride + 3 * (size_t)first[x];
      const int32_t *weights = coefficients + (size_t)x * 8 * (size_t)groups;
      int32_t red = half, green = half, blue = half;
      for (int tap = 0; tap < 8 * groups; tap++) {
        red += weights[tap] * source[3 * tap];
        green += weights[tap] * source[3 * tap + 1];
        blue += weights[tap] * source[3 * tap + 2];
      }
      uint8_t *pixel = target + (size_t)row * target_stride + 3 * x;
      pixel[0] = rounded(red);
      pixel[1] = rounded(green);
      pixel[2] = rounded(blue);
    }
}

#if defined(__x86_64__)
// Each 128-bit lane holds two taps: 16-bit pairs (r0 r1) (g0 g1) (b0 b1) and nothing. A coefficient of 23 bits is split
// in 8 and 15 bits, so that two 16-bit multiply-and-adds give the exact 32-bit sum.

AVX2 static void rows_avx2(const uint8_t *rows, size_t stride, int row_count, const int32_t *first,
                           const int32_t *pairs, int groups, int outputs, uint8_t *target, size_t target_stride) {
  const __m256i spread = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  //
                                          6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  const __m256i high_index[2] = {_mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1), _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3)};
  const __m256i low_index[2] = {_mm256_setr_epi32(4, 4, 4, 4, 5, 5, 5, 5), _mm256_setr_epi32(6, 6, 6, 6, 7, 7, 7, 7)};
  for (int row = 0; row < row_count; row += 4) {
    const uint8_t *sources[4];
    uint8_t *targets[4];
    for (int i = 0; i < 4; i++) {  // rows beyond the last repeat it
      int index = row + i < row_count ? row + i : row_count - 1;
      sources[i] = rows + (size_t)index * stride;
      targets[i] = target + (size_t)index * target_stride;
    }
    for (int x = 0; x < outputs; x++) {
      const size_t offset = 3 * (size_t)first[x];
      const int32_t *weights = pairs + (size_t)x * 8 * (size_t)groups;
      __m256i high[4], low[4];
      for (int i = 0; i < 4; i++) high[i] = low[i] = _mm256_setzero_si256();
      for (int group = 0; group < groups; group++) {
        __m256i weight = _mm256_loadu_si256((const __m256i *)(weights + 8 * group));
#pragma clang loop unroll(full)
        for (int part = 0; part < 2; part++) {
          __m256i weight_high = _mm256_permutevar8x32_epi32(weight, high_index[part]);
          __m256i weight_low = _mm256_permutevar8x32_epi32(weight, low_index[part]);
          size_t at = offset + 24 * (size_t)group + 12 * (size_t)part;
#pragma clang loop unroll(full)
          for (int i = 0; i < 4; i++) {
            __m256i pixels = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(sources[i] + at)));
            pixels = _mm256_shuffle_epi8(pixels, spread);
            high[i] = _mm256_add_epi32(high[i], _mm256_madd_epi16(pixels, weight_high));
            low[i] = _mm256_add_epi32(low[i], _mm256_madd_epi16(pixels, weight_low));
          }
        }
      }
      __m256i sums[4];
      for (int i = 0; i < 4; i++) sums[i] = _mm256_add_epi32(_mm256_slli_epi32(high[i], 15), low[i]);
      for (int i = 0; i < 4; i += 2) {
        __m256i sum = _mm256_add_epi32(_mm256_permute2x128_si256(sums[i], sums[i + 1], 0x20),
                                       _mm256_permute2x128_si256(sums[i], sums[i + 1], 0x31));
        sum = _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(half)), bits);
        sum = _mm256_packus_epi32(sum, sum);
        sum = _mm256_packus_epi16(sum, sum);
        store(targets[i] + 3 * x, _mm_cvtsi128_si32(_mm256_castsi256_si128(sum)));
        store(targets[i + 1] + 3 * x, _mm_cvtsi128_si32(_mm256_extracti128_si256(sum, 1)));
      }
    }
  }
}

AVX512 static void rows_avx512(const uint8_t *rows, size_t stride, int row_count, const int32_t *first,
                               const int32_t *pairs, int groups, int outputs, uint8_t *target, size_t target_stride) {
  // Bytes 0-5, 6-11, 12-17, 18-23 of a group's 24 go to the four lanes.
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 1, 2, 3, 4, 3, 4, 5, 6, 4, 5, 6, 7);
  const __m512i spread = _mm512_broadcast_i64x4(
      _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  //
                       2, -1, 5, -1, 3, -1, 6, -1, 4, -1, 7, -1, -1, -1, -1, -1));
  const __m512i high_index = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  const __m512i low_index = _mm512_setr_epi32(4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7);
  for (int row = 0; row < row_count; row += 4) {
    const uint8_t *sources[4];
    uint8_t *targets[4];
    for (int i = 0; i < 4; i++) {  // rows beyond the last repeat it
      int index = row + i < row_count ? row + i : row_count - 1;
      sources[i] = rows + (size_t)index * stride;
      targets[i] = target + (size_t)index * target_stride;
    }
    for (int x = 0; x < outputs; x++) {
      const size_t offset = 3 * (size_t)first[x];
      const int32_t *weights = pairs + (size_t)x * 8 * (size_t)groups;
      __m512i high[4], low[4];
      for (int i = 0; i < 4; i++) high[i] = low[i] = _mm512_setzero_si512();
      for (int group = 0; group < groups; group++) {
        __m512i weight = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(weights + 8 * group)));
        __m512i weight_high = _mm512_permutexvar_epi32(high_index, weight);
        __m512i weight_low = _mm512_permutexvar_epi32(low_index, weight);
        size_t at = offset + 24 * (size_t)group;
#pragma clang loop unroll(full)
        for (int i = 0; i < 4; i++) {
          __m512i pixels = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(sources[i] + at)));
          pixels = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(lanes, pixels), spread);
          high[i] = _mm512_add_epi32(high[i], _mm512_madd_epi16(pixels, weight_high));
          low[i] = _mm512_add_epi32(low[i], _mm512_madd_epi16(pixels, weight_low));
        }
      }
      __m512i sums[4];
      for (int i = 0; i < 4; i++) sums[i] = _mm512_add_epi32(_mm512_slli_epi32(high[i], 15), low[i]);
      // Lane i of the result is the sum of the lanes of sums[i].
      __m512i upper = _mm512_add_epi32(_mm512_shuffle_i32x4(sums[0], sums[1], 0x44),
                                       _mm512_shuffle_i32x4(sums[0], sums[1], 0xEE));
      __m512i lower = _mm512_add_epi32(_mm512_shuffle_i32x4(sums[2], sums[3], 0x44),
                                       _mm512_shuffle_i32x4(sums[2], sums[3], 0xEE));
      __m512i sum = _mm512_add_epi32(_mm512_shuffle_i32x4(upper, lower, 0x88),
                                     _mm512_shuffle_i32x4(upper, lower, 0xDD));
      sum = _mm512_srli_epi32(_mm512_add_epi32(sum, _mm512_set1_epi32(half)), bits);
      __m128i pixels = _mm512_cvtusepi32_epi8(sum);
      store(targets[0] + 3 * x, _mm_cvtsi128_si32(pixels));
      store(targets[1] + 3 * x, _mm_extract_epi32(pixels, 1));
      store(targets[2] + 3 * x, _mm_extract_epi32(pixels, 2));
      store(targets[3] + 3 * x, _mm_extract_epi32(pixels, 3));
    }
  }
}
#endif

void captioneer_resample_rows(const uint8_t *rows, size_t stride, int row_count, const int32_t *first,
                              const int32_t *coefficients, const int32_t *pairs, int groups, int outputs,
                              uint8_t *target, size_t target_stride) {
#if defined(__x86_64__)
  switch (captioneer_current_level()) {
    case captioneer_level_avx512:
      rows_avx512(rows, stride, row_count, first, pairs, groups, outputs, target, target_stride);
      return;
    case captioneer_level_avx2:
      rows_avx2(rows, stride, row_count, first, pairs, groups, outputs, target, target_stride);
      return;
    default: break;
  }
#else
  (void)pairs;
#endif
  rows_portable(rows, stride, row_count, first, coefficients, groups, outputs, target, target_stride);
}

// MARK: Down columns

// One body for all levels; the compiler vectorises it for each.
static inline __attribute__((always_inline)) void column_body(const uint8_t *ring, size_t stride, int capacity,
                                                              int first, const int32_t *coefficients, int taps,
                                                              int count, uint8_t *target) {
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

static void column_portable(const uint8_t *ring, size_t stride, int capacity, int first, const int32_t *coefficients,
                            int taps, int count, uint8_t *target) {
  column_body(ring, stride, capacity, first, coefficients, taps, count, target);
}

#if defined(__x86_64__)
AVX2 static void column_avx2(const uint8_t *ring, size_t stride, int capacity, int first, const int32_t *coefficients,
                             int taps, int count, uint8_t *target) {
  column_body(ring, stride, capacity, first, coefficients, taps, count, target);
}

AVX512 static void column_avx512(const uint8_t *ring, size_t stride, int capacity, int first,
                                 const int32_t *coefficients, int taps, int count, uint8_t *target) {
  column_body(ring, stride, capacity, first, coefficients, taps, count, target);
}
#endif

void captioneer_resample_column(const uint8_t *ring, size_t stride, int capacity, int first, const int32_t *coefficients,
                                int taps, int count, uint8_t *target) {
#if defined(__x86_64__)
  switch (captioneer_current_level()) {
    case captioneer_level_avx512: column_avx512(ring, stride, capacity, first, coefficients, taps, count, target); return;
    case captioneer_level_avx2: column_avx2(ring, stride, capacity, first, coefficients, taps, count, target); return;
    default: break;
  }
#endif
  column_portable(ring, stride, capacity, first, coefficients, taps, count, target);
}

void captioneer_split_planes(const uint8_t *pixels, int count, uint8_t *planes, size_t plane) {
  uint8_t *red = planes, *green = planes + plane, *blue = planes + 2 * plane;
  for (int x = 0; x < count; x++) {
    red[x] = pixels[3 * x];
    green[x] = pixels[3 * x + 1];
    blue[x] = pixels[3 * x + 2];
  }
}
