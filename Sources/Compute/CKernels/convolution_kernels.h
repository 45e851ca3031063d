// The kernels of convolutions, for one CPU level: see product_tile.h, whose tiles and macros they share. HALF_VECTORS: what the level
// has for whole vectors of halves.

static void NAME(convolve)(const captioneer_product *p) {
  MARK(convolve);
  const int count = (p->rows + TILE_ROWS - 1) / TILE_ROWS;
  for (int column = 0; column < p->columns; column += 16 * TILE_VECTORS) {
    const int left = (p->columns - column + 15) / 16;
    const int vectors = left < TILE_VECTORS ? left : TILE_VECTORS;
    const int has_half = left <= TILE_VECTORS && p->columns - column - 16 * (vectors - 1) <= 8;
    const int kind = p->taps ? NAME(with_taps) : has_half ? NAME(with_half) : NAME(plain);
    // Rows are shared out evenly: a tile of one or two rows would leave the multipliers idle.
    for (int i = 0; i < count; ++i) {
      const int begin = (int)((int64_t)p->rows * i / count), end = (int)((int64_t)p->rows * (i + 1) / count);
      NAME(convolution_tiles)[end - begin - 1][vectors - 1][kind](p, begin, column);
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
  MARK(depthwise);
  if (d->stride == 1) NAME(depthwise_stride)(d, 1);
  else NAME(depthwise_stride)(d, 2);
}

/// One row of u8 to normalised floats.
static void NAME(normalise)(const uint8_t *input, int count, float scale, float shift, float *output) {
  MARK(normalise);
  for (int i = 0; i < count; ++i) output[i] = FUSED((float)input[i], scale, shift);
}

static void NAME(narrow_to_halves)(const float *input, size_t count, uint16_t *output) {
  MARK(narrow_to_halves);
  size_t i = 0;
  HALF_VECTORS
  for (; i < count; ++i) output[i] = captioneer_half_bits(input[i]);
}
