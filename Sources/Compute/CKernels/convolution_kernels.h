// The register-level kernels, written once over vectors of 16 floats and compiled for each CPU level.
// The including file defines NAME(x), TILE_ROWS (rows of the register tile), TILE_VECTORS (its width in vectors of 16),
// FUSED(a, b, c) (fused.h), CLAMP(v) (ReLU6) and STORE_TAIL / LOAD_TAIL (the first `count` lanes).
#include "convolution_levels.h"

typedef float vector __attribute__((vector_size(64), aligned(4), may_alias));
typedef float half_vector __attribute__((vector_size(32), aligned(4), may_alias));

#define LOAD(address) (*(const vector *)(address))
#define STORE(address, value) (*(vector *)(address) = (value))
// All lanes the same; minus zero stays what it is.
#define ALL_LANES(type, value) ((value) - (type){})
#define WIDEN(v) __builtin_shufflevector((v), (half_vector){}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINED static inline __attribute__((always_inline))

/// One tile: `rows` × `vectors` accumulators stay in registers while k runs. With `has_half` the last vector has at most 8
/// columns (24 and 56 channels are common) and costs half. With `has_taps` rows are 2 floats apart, as the stem's pixels are.
INLINED void NAME(tile)(const captioneer_product *p, int first_row, int first_column, const int rows, const int vectors,
                        const int has_half, const int has_taps) {
  vector sum[TILE_ROWS][TILE_VECTORS];
  half_vector half[TILE_ROWS];
  const int wholes = vectors - has_half;
  const ptrdiff_t stride = has_taps ? 2 : p->input_stride, depth = p->depth;
  const float *input = p->input + first_row * stride;
  const float *weights = p->weights + first_column * depth;
  UNROLLED for (int v = 0; v < wholes; ++v) {
    const vector bias = LOAD(p->bias + first_column + 16 * v);
    UNROLLED for (int r = 0; r < rows; ++r) sum[r][v] = bias;
  }
  if (has_half) {
    const half_vector bias = *(const half_vector *)(p->bias + first_column + 16 * wholes);
    UNROLLED for (int r = 0; r < rows; ++r) half[r] = bias;
  }
  for (ptrdiff_t k = 0; k < depth; ++k) {
    vector factor[TILE_VECTORS];
    half_vector half_factor = {};
    UNROLLED for (int v = 0; v < wholes; ++v) factor[v] = LOAD(weights + v * depth * 16 + k * 16);
    if (has_half) half_factor = *(const half_vector *)(weights + wholes * depth * 16 + k * 16);
    const float *column = input + (has_taps ? p->taps[k] : k);
    UNROLLED for (int r = 0; r < rows; ++r) {
      const float value = column[r * stride];
      UNROLLED for (int v = 0; v < wholes; ++v) sum[r][v] = FUSED(ALL_LANES(vector, value), factor[v], sum[r][v]);
      if (has_half) half[r] = FUSED(ALL_LANES(half_vector, value), half_factor, half[r]);
    }
  }
  if (has_half) {
    UNROLLED for (int r = 0; r < rows; ++r) sum[r][wholes] = WIDEN(half[r]);
  }
  if (p->clamps) {
    UNROLLED for (int r = 0; r < rows; ++r) UNROLLED for (int v = 0; v < vectors; ++v) sum[r][v] = CLAMP(sum[r][v]);
  }
  const int32_t *offsets = p->offsets + first_row;
  const int last = p->columns - first_column - 16 * (vectors - 1);  // lanes of the last vector that exist
  const float *residual = p->residual;
  float *output = p->output + first_column;
  if (!has_half && last >= 16) {
    if (residual) {
      residual += first_column;
      UNROLLED for (int r = 0; r < rows; ++r)
        UNROLLED for (int v = 0; v < vectors; ++v) sum[r][v] += LOAD(residual + offsets[r] + 16 * v);
    }
    UNROLLED for (int r = 0; r < rows; ++r)
      UNROLLED for (int v = 0; v < vectors; ++v) STORE(output + offsets[r] + 16 * v, sum[r][v]);
  } else {
    const int end = 16 * (vectors - 1);
    if (residual) {
      residual += first_column;
      UNROLLED for (int r = 0; r < rows; ++r) {
        UNROLLED for (int v = 0; v < vectors - 1; ++v) sum[r][v] += LOAD(residual + offsets[r] + 16 * v);
        sum[r][vectors - 1] += LOAD_TAIL(residual + offsets[r] + end, last);
      }
    }
    UNROLLED for (int r = 0; r < rows; ++r) {
      UNROLLED for (int v = 0; v < vectors - 1; ++v) STORE(output + offsets[r] + 16 * v, sum[r][v]);
      STORE_TAIL(output + offsets[r] + end, sum[r][vectors - 1], last);
    }
  }
}

typedef void (*NAME(tile_function))(const captioneer_product *, int, int);

#define TILE(ROWS, VECTORS)                                                                                         \
  static void NAME(tile_##ROWS##_##VECTORS)(const captioneer_product *p, int row, int column) {                     \
    NAME(tile)(p, row, column, ROWS, VECTORS, 0, 0);                                                                \
  }                                                                                                                 \
  static void NAME(half_##ROWS##_##VECTORS)(const captioneer_product *p, int row, int column) {                     \
    NAME(tile)(p, row, column, ROWS, VECTORS, 1, 0);                                                                \
  }                                                                                                                 \
  static void NAME(taps_##ROWS##_##VECTORS)(const captioneer_product *p, int row, int column) {                     \
    NAME(tile)(p, row, column, ROWS, VECTORS, 0, 1);                                                                \
  }
FOR_EACH_TILE(TILE)

enum { NAME(plain), NAME(with_half), NAME(with_taps) };
#define ENTRY(ROWS, VECTORS)                                                                                        \
  [ROWS - 1][VECTORS - 1] = {                                                                                       \
    NAME(tile_##ROWS##_##VECTORS), NAME(half_##ROWS##_##VECTORS), NAME(taps_##ROWS##_##VECTORS)},
static const NAME(tile_function) NAME(tiles)[TILE_ROWS][TILE_VECTORS][3] = {FOR_EACH_TILE(ENTRY)};

static void NAME(multiply)(const captioneer_product *p) {
  const int count = (p->rows + TILE_ROWS - 1) / TILE_ROWS;
  for (int column = 0; column < p->columns; column += 16 * TILE_VECTORS) {
    const int left = (p->columns - column + 15) / 16;
    const int vectors = left < TILE_VECTORS ? left : TILE_VECTORS;
    const int has_half = left <= TILE_VECTORS && p->columns - column - 16 * (vectors - 1) <= 8;
    const int kind = p->taps ? NAME(with_taps) : has_half ? NAME(with_half) : NAME(plain);
    // Rows are shared out evenly: a tile of one or two rows would leave the multipliers idle.
    for (int i = 0; i < count; ++i) {
      const int begin = (int)((int64_t)p->rows * i / count), end = (int)((int64_t)p->rows * (i + 1) / count);
      NAME(tiles)[end - begin - 1][vectors - 1][kind](p, begin, column);
    }
  }
}

/// `count` neighbouring pixels of one row.
INLINED void NAME(pixels)(const captioneer_depthwise *d, const float *const *rows, const vector *weights, const vector *bias,
                          int x, const int count, const int stride, float *output) {
  vector sum[4];
  UNROLLED for (int i = 0; i < count; ++i) sum[i] = *bias;
  UNROLLED for (int dy = 0; dy < 3; ++dy) {
    const float *row = rows[dy] + x * stride * d->input_stride;
    UNROLLED for (int column = 0; column < stride * (count - 1) + 3; ++column) {
      const vector value = LOAD(row + column * d->input_stride);
      UNROLLED for (int i = 0; i < count; ++i) {
        const int dx = column - i * stride;
        if (dx >= 0 && dx < 3) sum[i] = FUSED(value, weights[dy * 3 + dx], sum[i]);
      }
    }
  }
  UNROLLED for (int i = 0; i < count; ++i) STORE(output + (x + i) * d->output_stride, CLAMP(sum[i]));
}

INLINED void NAME(depthwise_stride)(const captioneer_depthwise *d, const int stride) {
  vector weights[9];
  UNROLLED for (int i = 0; i < 9; ++i) weights[i] = LOAD(d->weights + 16 * i);
  const vector bias = LOAD(d->bias);
  for (int y = 0; y < d->rows; ++y) {
    const float *const *rows = d->input_rows + y * stride;
    float *output = d->output + y * d->output_row_stride;
    int x = 0;
    for (; x + 4 <= d->columns; x += 4) NAME(pixels)(d, rows, weights, &bias, x, 4, stride, output);
    switch (d->columns - x) {
      case 3: NAME(pixels)(d, rows, weights, &bias, x, 3, stride, output); break;
      case 2: NAME(pixels)(d, rows, weights, &bias, x, 2, stride, output); break;
      case 1: NAME(pixels)(d, rows, weights, &bias, x, 1, stride, output); break;
      default: break;
    }
  }
}

static void NAME(depthwise)(const captioneer_depthwise *d) {
  if (d->stride == 1) NAME(depthwise_stride)(d, 1);
  else NAME(depthwise_stride)(d, 2);
}

/// One row of u8 to normalised floats.
static void NAME(normalise)(const uint8_t *input, int count, float scale, float shift, float *output) {
  for (int i = 0; i < count; ++i) output[i] = FUSED((float)input[i], scale, shift);
}

static void NAME(half)(const float *input, size_t count, uint16_t *output) {
  size_t i = 0;
  HALF_VECTORS
  for (; i < count; ++i) output[i] = captioneer_half_bits(input[i]);
}

const captioneer_convolution_level NAME(captioneer_convolution) = {
  NAME(captioneer_level), NAME(multiply), NAME(depthwise), NAME(normalise), NAME(half)};
