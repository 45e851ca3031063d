// Along rows, two at once, in AVX2. Included after resample_kernels.h.
//
// Each 128-bit lane belongs to a row and holds two neighbouring pixels as 16-bit pairs (r0 r1) (g0 g1) (b0 b1) and
// nothing; the source is spread out like that once, and read about twice, as the filter's windows overlap. A coefficient of
// 23 bits is split in 8 and 15 bits, so that two 16-bit multiply-and-adds give the exact 32-bit sum.

#define SPREAD_FIRST 0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1
#define SPREAD_SECOND 6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1

static void NAME(resample_rows)(RESAMPLE_PARAMETERS) {
  MARK(resample_rows);
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
      NAME(store_pixel)(target + (size_t)row * target_stride + 3 * x, _mm_cvtsi128_si32(_mm256_castsi256_si128(sum)));
      NAME(store_pixel)(target + (size_t)second * target_stride + 3 * x, _mm_cvtsi128_si32(_mm256_extracti128_si256(sum, 1)));
    }
  }
}
