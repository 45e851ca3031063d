// The packing of matrix products' operands, for one CPU level: the products themselves are in product_tile.h. HAS_MASKS: LOAD_TAIL and STORE_TAIL are single instructions.

#define TRANSPOSED_STEP(name, from, to, P)                                                                          \
  UNROLLED for (int i = 0; i < 16; ++i) {                                                                           \
    if (!(i & (P))) {                                                                                               \
      to[i] = name##_LOW(from[i], from[i + (P)]);                                                                   \
      to[i + (P)] = name##_HIGH(from[i], from[i + (P)]);                                                            \
    }                                                                                                               \
  }
// Pairs of single lanes, of two lanes, of four and of eight change places: a transposition by halves.
#define ONES_LOW(x, y) __builtin_shufflevector(x, y, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)
#define ONES_HIGH(x, y) __builtin_shufflevector(x, y, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31)
#define TWOS_LOW(x, y) __builtin_shufflevector(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define TWOS_HIGH(x, y) __builtin_shufflevector(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define FOURS_LOW(x, y) __builtin_shufflevector(x, y, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)
#define FOURS_HIGH(x, y) __builtin_shufflevector(x, y, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31)
#define EIGHTS_LOW(x, y) __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define EIGHTS_HIGH(x, y) __builtin_shufflevector(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)

/// output[k · step + i] = input[i · stride + k] for i < count ≤ 16, k < depth. Each row of the output is followed by garbage up
/// to 16 floats, which the next row covers: the caller leaves room after the last.
INLINED void NAME(transpose_rows)(const float *input, ptrdiff_t stride, const int count, int depth, float *output,
                                  ptrdiff_t step) {
  int k = 0;
  for (; k + 16 <= depth; k += 16) {
    vector x[16], y[16];
    UNROLLED for (int i = 0; i < 16; ++i) x[i] = i < count ? LOAD(input + i * stride + k) : (vector){};
    TRANSPOSED_STEP(ONES, x, y, 1)
    TRANSPOSED_STEP(TWOS, y, x, 2)
    TRANSPOSED_STEP(FOURS, x, y, 4)
    TRANSPOSED_STEP(EIGHTS, y, x, 8)
    UNROLLED for (int i = 0; i < 16; ++i) STORE(output + (k + i) * step, x[i]);
  }
  for (; k < depth; ++k)
    for (int i = 0; i < 16; ++i) output[k * step + i] = i < count ? input[i * stride + k] : 0;
}

/// The panels of `count` rows or columns, each [depth][its width] and the last of them narrower or padded.
static void NAME(pack)(const float *input, ptrdiff_t row, ptrdiff_t column, const int *bounds, int panels, int depth,
                       int step, float *output) {
  MARK(pack);
  if (column == 1) {
    for (int panel = 0; panel < panels; ++panel) {
      const int count = bounds[panel + 1] - bounds[panel];
      NAME(transpose_rows)(input + bounds[panel] * row, row, count, depth, output + (ptrdiff_t)bounds[panel] * depth,
                           step ? step : count);
    }
    return;
  }
  // A few k at a time for all panels: one panel after the other would touch a new page at every k.
  for (int first = 0; first < depth; first += 8) {
    const int end = first + 8 < depth ? first + 8 : depth;
    for (int panel = 0; panel < panels; ++panel) {
      const int count = bounds[panel + 1] - bounds[panel], width = step ? step : count;
      const float *from = input + bounds[panel];
      float *to = output + (ptrdiff_t)bounds[panel] * depth;
      if (count == 16) {
        for (int k = first; k < end; ++k) STORE(to + k * width, LOAD(from + k * column));
      } else if (step || HAS_MASKS) {
        // The rows that follow cover what is too much; after the panel's end nothing does.
        for (int k = first; k < end; ++k) {
          const vector values = LOAD_TAIL(from + k * column, count);
          if (step || (depth - k) * width >= 16) STORE(to + k * width, values);
          else STORE_TAIL(to + k * width, values, count);
        }
      } else {
        for (int k = first; k < end; ++k) memcpy(to + k * width, from + k * column, (size_t)count * sizeof *to);
      }
    }
  }
}
