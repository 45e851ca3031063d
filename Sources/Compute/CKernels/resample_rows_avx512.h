// Along rows, four at once, in AVX-512: pairs of pixels as in resample_rows_avx2.h, or four at once where the CPU has VNNI: the same
// sums, so it is no level of its own. Included after resample_kernels.h.

#define SPREAD_FIRST 0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1
#define SPREAD_SECOND 6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1

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
static inline __m512i block_of(const four_rows *four, size_t block) {
  __m512i pixels = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(four->sources[0] + 12 * block)));
  pixels = _mm512_inserti32x4(pixels, _mm_loadu_si128((const __m128i *)(four->sources[1] + 12 * block)), 1);
  pixels = _mm512_inserti32x4(pixels, _mm_loadu_si128((const __m128i *)(four->sources[2] + 12 * block)), 2);
  return _mm512_inserti32x4(pixels, _mm_loadu_si128((const __m128i *)(four->sources[3] + 12 * block)), 3);
}

/// One pixel of each row, whose (red, green, blue, nothing) are the 32-bit numbers of its lane.
static inline void store_one(const four_rows *four, int x, __m512i sum) {
  __m128i bytes = _mm512_cvtusepi32_epi8(sum);
  NAME(store_pixel)(four->targets[0] + 3 * x, _mm_cvtsi128_si32(bytes));
  NAME(store_pixel)(four->targets[1] + 3 * x, _mm_extract_epi32(bytes, 1));
  NAME(store_pixel)(four->targets[2] + 3 * x, _mm_extract_epi32(bytes, 2));
  NAME(store_pixel)(four->targets[3] + 3 * x, _mm_extract_epi32(bytes, 3));
}

/// Four pixels of each row leave together.
static inline void store_four(const four_rows *four, int x, const __m512i sums[4]) {
  const __m512i gather = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
  __m512i bytes = _mm512_packus_epi16(_mm512_packus_epi32(sums[0], sums[1]), _mm512_packus_epi32(sums[2], sums[3]));
  bytes = _mm512_shuffle_epi8(bytes, gather);
  _mm_storeu_si128((__m128i *)(four->targets[0] + 3 * x), _mm512_castsi512_si128(bytes));
  _mm_storeu_si128((__m128i *)(four->targets[1] + 3 * x), _mm512_extracti32x4_epi32(bytes, 1));
  _mm_storeu_si128((__m128i *)(four->targets[2] + 3 * x), _mm512_extracti32x4_epi32(bytes, 2));
  _mm_storeu_si128((__m128i *)(four->targets[3] + 3 * x), _mm512_extracti32x4_epi32(bytes, 3));
}

static inline __m512i sum_of_pairs(const captioneer_resample_filter *filter, const uint8_t *scratch, int x) {
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

static void NAME(resample_rows_by_pairs)(RESAMPLE_PARAMETERS) {
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

AVX512_VNNI static void NAME(resample_rows_by_quads)(RESAMPLE_PARAMETERS) {
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

static void NAME(resample_rows)(RESAMPLE_PARAMETERS) {
  MARK(resample_rows);
  if (filter->quad_count > 0 && __builtin_cpu_supports("avx512vnni"))
    NAME(resample_rows_by_quads)(filter, rows, stride, row_count, scratch, target, target_stride);
  else
    NAME(resample_rows_by_pairs)(filter, rows, stride, row_count, scratch, target, target_stride);
}
