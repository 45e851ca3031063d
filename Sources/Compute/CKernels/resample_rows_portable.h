// Along rows, on any CPU. Included after resample_kernels.h.

static void NAME(resample_rows)(RESAMPLE_PARAMETERS) {
  MARK(resample_rows);
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
