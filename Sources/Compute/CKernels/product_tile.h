// The register tile of every matrix product, in convolutions and in captioners: written once, compiled for each CPU level and for each
// number of rows and columns up to the level's own. The including file defines vectors.h's macros, TILE_ROWS, TILE_VECTORS (its
// width in vectors of 16) and FOR_EACH_TILE(T), which calls T(rows, columns) for each tile.
//
// Kernels are named operation_ROWSxCOLUMNS_level: product_14x32_avx512, convolution_6x16_avx2. The tables at the end choose by what is left
// of rows and columns; levels.c chooses the level.

/// What a tile reads and writes. Packed tiles have a packed `a`, no bias and no offsets; which it is, is a constant of the kernel, as
/// are its size, half and taps: a test of `bias` or `taps` for NULL cost convolutions 1.2 % more instructions.
typedef struct {
  const float *a;          ///< row r's k-th factor: a[k · rows + r] where packed, a[r · a_row + taps[k]] with taps, else a[r · a_row + k]
  ptrdiff_t a_row;
  const int32_t *taps;
  const float *b;          ///< vector v's k-th factors: b[v · panel + 16 k]
  ptrdiff_t panel, depth;
  const float *bias;       ///< where sums begin; else at 0
  int clamps;              ///< ReLU6 of the sums
  const float *addend;     ///< added after that, from the same places as the output's; or NULL
  float *output;           ///< row r at offsets[r], or at r · output_row where packed
  const int32_t *offsets;
  ptrdiff_t output_row;
  int last;                ///< columns that exist from the last vector on; 16 and more: all of it
} NAME(tile_operands);

/// `rows` × `vectors` accumulators stay in registers while k runs: sums in rising k, whatever the tile. With `has_half` the last
/// vector has at most 8 columns (24 and 56 channels are common) and costs half.
INLINED void NAME(product_tile)(const NAME(tile_operands) t, const int rows, const int vectors, const int has_half,
                                const int has_taps, const int is_packed) {
  vector sum[TILE_ROWS][TILE_VECTORS];
  half_vector half[TILE_ROWS];
  const int wholes = vectors - has_half;
#define TILE_PLACE(r) (is_packed ? (r) * t.output_row : t.offsets[r])
  UNROLLED for (int v = 0; v < wholes; ++v) {
    const vector start = is_packed ? (vector){} : LOAD(t.bias + 16 * v);
    UNROLLED for (int r = 0; r < rows; ++r) sum[r][v] = start;
  }
  if (has_half) {
    const half_vector start = is_packed ? (half_vector){} : *(const half_vector *)(t.bias + 16 * wholes);
    UNROLLED for (int r = 0; r < rows; ++r) half[r] = start;
  }
  if (is_packed) {
    // The output's lines are on their way while the sums run.
    UNROLLED for (int r = 0; r < rows; ++r) UNROLLED for (int v = 0; v < vectors; ++v)
      __builtin_prefetch(t.output + TILE_PLACE(r) + 16 * v, 1);
  }
  for (ptrdiff_t k = 0; k < t.depth; ++k) {
    vector factor[TILE_VECTORS];
    half_vector half_factor = {};
    UNROLLED for (int v = 0; v < wholes; ++v) factor[v] = LOAD(t.b + v * t.panel + 16 * k);
    if (has_half) half_factor = *(const half_vector *)(t.b + wholes * t.panel + 16 * k);
    const float *column = is_packed ? t.a + k * rows : t.a + (has_taps ? t.taps[k] : k);
    UNROLLED for (int r = 0; r < rows; ++r) {
      const float value = column[is_packed ? r : r * t.a_row];
      UNROLLED for (int v = 0; v < wholes; ++v) sum[r][v] = FUSED(ALL_LANES(vector, value), factor[v], sum[r][v]);
      if (has_half) half[r] = FUSED(ALL_LANES(half_vector, value), half_factor, half[r]);
    }
  }
  if (has_half) {
    UNROLLED for (int r = 0; r < rows; ++r) sum[r][wholes] = WIDEN(half[r]);
  }
  if (t.clamps) {
    UNROLLED for (int r = 0; r < rows; ++r) UNROLLED for (int v = 0; v < vectors; ++v) sum[r][v] = CLAMP(sum[r][v]);
  }
  if (!has_half && t.last >= 16) {
    if (t.addend) {
      UNROLLED for (int r = 0; r < rows; ++r)
        UNROLLED for (int v = 0; v < vectors; ++v) sum[r][v] += LOAD(t.addend + TILE_PLACE(r) + 16 * v);
    }
    UNROLLED for (int r = 0; r < rows; ++r)
      UNROLLED for (int v = 0; v < vectors; ++v) STORE(t.output + TILE_PLACE(r) + 16 * v, sum[r][v]);
  } else {
    const int end = 16 * (vectors - 1);
    if (t.addend) {
      UNROLLED for (int r = 0; r < rows; ++r) {
        UNROLLED for (int v = 0; v < vectors - 1; ++v) sum[r][v] += LOAD(t.addend + TILE_PLACE(r) + 16 * v);
        sum[r][vectors - 1] += LOAD_TAIL(t.addend + TILE_PLACE(r) + end, t.last);
      }
    }
    UNROLLED for (int r = 0; r < rows; ++r) {
      UNROLLED for (int v = 0; v < vectors - 1; ++v) STORE(t.output + TILE_PLACE(r) + 16 * v, sum[r][v]);
      STORE_TAIL(t.output + TILE_PLACE(r) + end, sum[r][vectors - 1], t.last);
    }
  }
#undef TILE_PLACE
}

/// A convolution's tile at (row, column): bias, clamp and residual; with taps, rows are 2 floats apart, as the stem's pixels are.
INLINED void NAME(convolution_tile)(const captioneer_product *p, int row, int column, const int rows, const int columns,
                                    const int has_half, const int has_taps) {
  const ptrdiff_t stride = has_taps ? 2 : p->input_stride;
  NAME(product_tile)((NAME(tile_operands)){
    .a = p->input + row * stride, .a_row = stride, .taps = p->taps,
    .b = p->weights + (ptrdiff_t)column * p->depth, .panel = (ptrdiff_t)p->depth * 16, .depth = p->depth,
    .bias = p->bias + column, .clamps = p->clamps, .addend = p->residual ? p->residual + column : NULL,
    .output = p->output + column, .offsets = p->offsets + row, .last = p->columns - column - (columns - 16)},
    rows, columns / 16, has_half, has_taps, 0);
}

typedef void (*NAME(convolution_function))(const captioneer_product *, int row, int column);

#define TILE_KERNELS(ROWS, COLUMNS)                                                                                 \
  static void NAME(convolution_##ROWS##x##COLUMNS)(const captioneer_product *p, int row, int column) {              \
    NAME(convolution_tile)(p, row, column, ROWS, COLUMNS, 0, 0);                                                    \
  }                                                                                                                 \
  static void NAME(convolution_half_##ROWS##x##COLUMNS)(const captioneer_product *p, int row, int column) {         \
    NAME(convolution_tile)(p, row, column, ROWS, COLUMNS, 1, 0);                                                    \
  }                                                                                                                 \
  static void NAME(convolution_taps_##ROWS##x##COLUMNS)(const captioneer_product *p, int row, int column) {         \
    NAME(convolution_tile)(p, row, column, ROWS, COLUMNS, 0, 1);                                                    \
  }                                                                                                                 \
  static void NAME(product_##ROWS##x##COLUMNS)(const float *a, const float *b, int depth, ptrdiff_t panel, float *c, \
                                               ptrdiff_t c_row, int last, int accumulates) {                        \
    MARK(product);                                                                                                  \
    NAME(product_tile)((NAME(tile_operands)){                                                                       \
      .a = a, .b = b, .panel = panel, .depth = depth, .addend = accumulates ? c : NULL, .output = c,                \
      .output_row = c_row, .last = last}, ROWS, COLUMNS / 16, 0, 0, 1);                                                \
  }
FOR_EACH_TILE(TILE_KERNELS)

enum { NAME(plain), NAME(with_half), NAME(with_taps) };
#define CONVOLUTION_ENTRY(ROWS, COLUMNS)                                                                            \
  [ROWS - 1][COLUMNS / 16 - 1] = {NAME(convolution_##ROWS##x##COLUMNS), NAME(convolution_half_##ROWS##x##COLUMNS),  \
                                  NAME(convolution_taps_##ROWS##x##COLUMNS)},
static const NAME(convolution_function) NAME(convolution_tiles)[TILE_ROWS][TILE_VECTORS][3] = {
  FOR_EACH_TILE(CONVOLUTION_ENTRY)};

#define PRODUCT_ENTRY(ROWS, COLUMNS) [ROWS - 1][COLUMNS / 16 - 1] = NAME(product_##ROWS##x##COLUMNS),
static const captioneer_product_tile NAME(product_tiles)[TILE_ROWS][TILE_VECTORS] = {FOR_EACH_TILE(PRODUCT_ENTRY)};
