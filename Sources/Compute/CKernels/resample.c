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

// Three bytes of a pixel and one that the next pixel overwrites; four pixels and four bytes likewise.
__attribute__((unused)) static inline void store(uint8_t *target, int32_t pixel) { memcpy(target, &pixel, 4); }

#define PARAMETERS                                                                                                     \
  const captioneer_resample_filter *filter, const uint8_t *rows, size_t stride, int row_count, uint8_t *scratch,       \
      uint8_t *target, size_t target_stride

static void rows_portable(PARAMETERS) {
  (void)scratch;
  const int taps = 2 * filter->pair_count, outputs = filter->outputs;
  const int32_t *first = filter->first, *coefficients = filter->coefficients;
  for (int row = 0; row < row_count; row++)
    for (int x = 0; x < outputs; x++) {
      const uint8_t *source = rows + (size_t)row * stride + 3 * (size_t)first[x];
      const int32_t *weights = coefficients + (size_t)x * (size_t)taps;
      int32_t red = half, green = half, blue = half;
      for (int tap = 0; tap < taps; tap++) {
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

// Blocks of four pixels that a row, or a window longer than it, takes.
static size_t block_count(const captioneer_resample_filter *filter) {
  int blocks = (filter->inputs + 3) / 4, pairs = (filter->pair_count + 1) / 2;
  if (pairs > blocks) blocks = pairs;
  return (size_t)(filter->quad_count > blocks ? filter->quad_count : blocks);
}

size_t captioneer_resample_scratch(const captioneer_resample_filter *filter) { return block_count(filter) * 128 + 64; }

#if defined(__x86_64__)
// Each 128-bit lane belongs to a row and holds two neighbouring pixels as 16-bit pairs (r0 r1) (g0 g1) (b0 b1) and
// nothing; the source is spread out like that once, and read about twice, as the filter's windows overlap. A coefficient of
// 23 bits is split in 8 and 15 bits, so that two 16-bit multiply-and-adds give the exact 32-bit sum.

#define SPREAD_FIRST 0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1
#define SPREAD_SECOND 6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1

AVX2 static void rows_avx2(PARAMETERS) {
  const int32_t *first = filter->first, *pairs = filter->pairs;
  const int pair_count = filter->pair_count, outputs = filter->outputs, inputs = filter->inputs;
  const __m256i spread_first = _mm256_broadcastsi128_si256(_mm_setr_epi8(SPREAD_FIRST));
  const __m256i spread_second = _mm256_broadcastsi128_si256(_mm_setr_epi8(SPREAD_SECOND));
  const size_t blocks = ((size_t)inputs + 3) / 4;
  for (int row = 0; row < row_count; row += 2) {
    int second = row + 1 < row_count ? row + 1 : row;  // an odd last row is done twice
    const uint8_t *sources[2] = {rows + (size_t)row * stride, rows + (size_t)second * stride};
    for (size_t block = 0; block < blocks; block++) {
      __m256i pixels = _mm256_inserti128_si256(
          _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(sources[0] + 12 * block))),
          _mm_loadu_si128((const __m128i *)(sources[1] + 12 * block)), 1);
      _mm256_store_si256((__m256i *)(scratch + 64 * block), _mm256_shuffle_epi8(pixels, spread_first));
      _mm256_store_si256((__m256i *)(scratch + 64 * block + 32), _mm256_shuffle_epi8(pixels, spread_second));
    }
    for (int x = 0; x < outputs; x++) {
      const uint8_t *window = scratch + 32 * (size_t)(first[x] / 2);
      const int32_t *weights = pairs + (size_t)x * 2 * (size_t)pair_count;
      __m256i high = _mm256_setzero_si256(), low = _mm256_set1_epi32(half);
      for (int pair = 0; pair < pair_count; pair++) {
        __m256i pixels = _mm256_load_si256((const __m256i *)(window + 32 * (size_t)pair));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(pixels, _mm256_set1_epi32(weights[2 * pair])));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(pixels, _mm256_set1_epi32(weights[2 * pair + 1])));
      }
      __m256i sum = _mm256_srli_epi32(_mm256_add_epi32(_mm256_slli_epi32(high, 15), low), bits);
      sum = _mm256_packus_epi32(sum, sum);
      sum = _mm256_packus_epi16(sum, sum);
      store(target + (size_t)row * target_stride + 3 * x, _mm_cvtsi128_si32(_mm256_castsi256_si128(sum)));
      store(target + (size_t)second * target_stride + 3 * x, _mm_cvtsi128_si32(_mm256_extracti128_si256(sum, 1)));
    }
  }
}

// Both variants for AVX-512 take four rows at once, a 128-bit lane each.
typedef struct {
  const uint8_t *sources[4];
  uint8_t *targets[4];
} four_rows;

static inline four_rows rows_at(const uint8_t *rows, size_t stride, int row, int row_count, uint8_t *target,
                                size_t target_stride) {
  four_rows four;
  for (int i = 0; i < 4; i++) {  // rows beyond the last repeat it
    int index = row + i < row_count ? row + i : row_count - 1;
    four.sources[i] = rows + (size_t)index * stride;
    four.targets[i] = target + (size_t)index * target_stride;
  }
  return four;
}

/// Four pixels of each row.
AVX512 static inline __m512i block_of(const four_rows *four, size_t block) {
  __m512i pixels = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(four->sources[0] + 12 * block)));
  pixels = _mm512_inserti32x4(pixels, _mm_loadu_si128((const __m128i *)(four->sources[1] + 12 * block)), 1);
  pixels = _mm512_inserti32x4(pixels, _mm_loadu_si128((const __m128i *)(four->sources[2] + 12 * block)), 2);
  return _mm512_inserti32x4(pixels, _mm_loadu_si128((const __m128i *)(four->sources[3] + 12 * block)), 3);
}

/// One pixel of each row, whose (red, green, blue, nothing) are the 32-bit numbers of its lane.
AVX512 static inline void store_one(const four_rows *four, int x, __m512i sum) {
  __m128i bytes = _mm512_cvtusepi32_epi8(sum);
  store(four->targets[0] + 3 * x, _mm_cvtsi128_si32(bytes));
  store(four->targets[1] + 3 * x, _mm_extract_epi32(bytes, 1));
  store(four->targets[2] + 3 * x, _mm_extract_epi32(bytes, 2));
  store(four->targets[3] + 3 * x, _mm_extract_epi32(bytes, 3));
}

/// Four pixels of each row leave together.
AVX512 static inline void store_four(const four_rows *four, int x, const __m512i sums[4]) {
  const __m512i gather = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
  __m512i bytes = _mm512_packus_epi16(_mm512_packus_epi32(sums[0], sums[1]), _mm512_packus_epi32(sums[2], sums[3]));
  bytes = _mm512_shuffle_epi8(bytes, gather);
  _mm_storeu_si128((__m128i *)(four->targets[0] + 3 * x), _mm512_castsi512_si128(bytes));
  _mm_storeu_si128((__m128i *)(four->targets[1] + 3 * x), _mm512_extracti32x4_epi32(bytes, 1));
  _mm_storeu_si128((__m128i *)(four->targets[2] + 3 * x), _mm512_extracti32x4_epi32(bytes, 2));
  _mm_storeu_si128((__m128i *)(four->targets[3] + 3 * x), _mm512_extracti32x4_epi32(bytes, 3));
}

AVX512 static inline __m512i sum_of_pairs(const captioneer_resample_filter *filter, const uint8_t *scratch, int x) {
  const uint8_t *window = scratch + 64 * (size_t)(filter->first[x] / 2);
  const int32_t *weights = filter->pairs + (size_t)x * 2 * (size_t)filter->pair_count;
  __m512i high = _mm512_setzero_si512(), low = _mm512_set1_epi32(half);
  for (int pair = 0; pair < filter->pair_count; pair++) {
    __m512i pixels = _mm512_load_si512(window + 64 * (size_t)pair);
    high = _mm512_add_epi32(high, _mm512_madd_epi16(pixels, _mm512_set1_epi32(weights[2 * pair])));
    low = _mm512_add_epi32(low, _mm512_madd_epi16(pixels, _mm512_set1_epi32(weights[2 * pair + 1])));
  }
  return _mm512_srli_epi32(_mm512_add_epi32(_mm512_slli_epi32(high, 15), low), bits);
}

AVX512 static void rows_avx512(PARAMETERS) {
  const __m512i spread_first = _mm512_broadcast_i32x4(_mm_setr_epi8(SPREAD_FIRST));
  const __m512i spread_second = _mm512_broadcast_i32x4(_mm_setr_epi8(SPREAD_SECOND));
  const size_t blocks = ((size_t)filter->inputs + 3) / 4;
  for (int row = 0; row < row_count; row += 4) {
    const four_rows four = rows_at(rows, stride, row, row_count, target, target_stride);
    for (size_t block = 0; block < blocks; block++) {
      const __m512i pixels = block_of(&four, block);
      _mm512_store_si512(scratch + 128 * block, _mm512_shuffle_epi8(pixels, spread_first));
      _mm512_store_si512(scratch + 128 * block + 64, _mm512_shuffle_epi8(pixels, spread_second));
    }
    int x = 0;
    for (; x + 4 <= filter->outputs; x += 4) {
      __m512i sums[4];
      for (int i = 0; i < 4; i++) sums[i] = sum_of_pairs(filter, scratch, x + i);
      store_four(&four, x, sums);
    }
    for (; x < filter->outputs; x++) store_one(&four, x, sum_of_pairs(filter, scratch, x));
  }
}

// Four neighbouring pixels to a lane as bytes, (r0 r1 r2 r3) (g0 …) (b0 …) and nothing: half the memory of the pairs. A
// coefficient's three digits of 7 bits take an instruction for four taps each.
#define AVX512_VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")))
AVX512_VNNI static inline __m512i sum_of_quads(const captioneer_resample_filter *filter, const uint8_t *scratch, int x) {
  const uint8_t *window = scratch + 64 * (size_t)(filter->first_quad[x] / 4);
  const int32_t *weights = filter->quads + (size_t)x * 3 * (size_t)filter->quad_count;
  __m512i high = _mm512_setzero_si512(), middle = _mm512_setzero_si512(), low = _mm512_set1_epi32(half);
  for (int quad = 0; quad < filter->quad_count; quad++, weights += 3) {
    const __m512i pixels = _mm512_load_si512(window + 64 * (size_t)quad);
    high = _mm512_dpbusd_epi32(high, pixels, _mm512_set1_epi32(weights[0]));
    middle = _mm512_dpbusd_epi32(middle, pixels, _mm512_set1_epi32(weights[1]));
    low = _mm512_dpbusd_epi32(low, pixels, _mm512_set1_epi32(weights[2]));
  }
  const __m512i upper = _mm512_add_epi32(_mm512_slli_epi32(high, 7), middle);
  return _mm512_srli_epi32(_mm512_add_epi32(_mm512_slli_epi32(upper, 7), low), bits);
}

AVX512_VNNI static void rows_avx512_vnni(PARAMETERS) {
  const __m512i spread =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1, -1, -1));
  const size_t blocks = ((size_t)filter->inputs + 3) / 4;
  for (int row = 0; row < row_count; row += 4) {
    const four_rows four = rows_at(rows, stride, row, row_count, target, target_stride);
    for (size_t block = 0; block < blocks; block++)
      _mm512_store_si512(scratch + 64 * block, _mm512_shuffle_epi8(block_of(&four, block), spread));
    int x = 0;
    for (; x + 4 <= filter->outputs; x += 4) {
      __m512i sums[4];
      for (int i = 0; i < 4; i++) sums[i] = sum_of_quads(filter, scratch, x + i);
      store_four(&four, x, sums);
    }
    for (; x < filter->outputs; x++) store_one(&four, x, sum_of_quads(filter, scratch, x));
  }
}
#endif

void captioneer_resample_rows(PARAMETERS) {
#if defined(__x86_64__)
  scratch = (uint8_t *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63);
  switch (captioneer_current_level()) {
    case captioneer_level_avx512:
      if (filter->quad_count > 0 && __builtin_cpu_supports("avx512vnni"))
        rows_avx512_vnni(filter, rows, stride, row_count, scratch, target, target_stride);
      else
        rows_avx512(filter, rows, stride, row_count, scratch, target, target_stride);
      return;
    case captioneer_level_avx2:
      rows_avx2(filter, rows, stride, row_count, scratch, target, target_stride);
      return;
    default: break;
  }
#endif
  rows_portable(filter, rows, stride, row_count, scratch, target, target_stride);
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

// MARK: Planes

static inline __attribute__((always_inline)) void split_body(const uint8_t *restrict pixels, int count,
                                                             uint8_t *restrict red, uint8_t *restrict green,
                                                             uint8_t *restrict blue) {
  for (int x = 0; x < count; x++) {
    red[x] = pixels[3 * x];
    green[x] = pixels[3 * x + 1];
    blue[x] = pixels[3 * x + 2];
  }
}

#if defined(__x86_64__)
AVX2 static void split_avx2(const uint8_t *pixels, int count, uint8_t *planes, size_t plane) {
  split_body(pixels, count, planes, planes + plane, planes + 2 * plane);
}
#endif

void captioneer_split_planes(const uint8_t *pixels, int count, uint8_t *planes, size_t plane) {
#if defined(__x86_64__)
  if (captioneer_current_level() >= captioneer_level_avx2) {
    split_avx2(pixels, count, planes, plane);
    return;
  }
#endif
  split_body(pixels, count, planes, planes + plane, planes + 2 * plane);
}
