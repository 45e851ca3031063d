#include "matrix_vector.h"

#include <string.h>

#include "dispatch.h"

// Vectors only pass between functions that are inlined, so their calling convention is nobody's concern.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float v16 __attribute__((vector_size(64)));

static inline __attribute__((always_inline)) v16 load(const float *from) {
  v16 x;
  memcpy(&x, from, sizeof x);
  return x;
}

static inline __attribute__((always_inline)) float sum(v16 x) {
  float total = 0;
  for (int i = 0; i < 16; i++) total += x[i];
  return total;
}

// Four rows at once: four streams from memory and four independent sums; one pass over the matrix.
static inline __attribute__((always_inline)) void products(const float *m, const float *x, const float *bias, size_t rows,
                                                           size_t columns, float *y) {
  size_t whole = columns & ~(size_t)15;
  size_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float *m0 = m + r * columns, *m1 = m0 + columns, *m2 = m1 + columns, *m3 = m2 + columns;
    v16 s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    for (size_t c = 0; c < whole; c += 16) {
      v16 v = load(x + c);
      s0 += load(m0 + c) * v;
      s1 += load(m1 + c) * v;
      s2 += load(m2 + c) * v;
      s3 += load(m3 + c) * v;
    }
    float t0 = sum(s0), t1 = sum(s1), t2 = sum(s2), t3 = sum(s3);
    for (size_t c = whole; c < columns; c++) {
      t0 += m0[c] * x[c];
      t1 += m1[c] * x[c];
      t2 += m2[c] * x[c];
      t3 += m3[c] * x[c];
    }
    y[r] = t0 + (bias ? bias[r] : 0);
    y[r + 1] = t1 + (bias ? bias[r + 1] : 0);
    y[r + 2] = t2 + (bias ? bias[r + 2] : 0);
    y[r + 3] = t3 + (bias ? bias[r + 3] : 0);
  }
  for (; r < rows; r++) {
    const float *row = m + r * columns;
    v16 s = {0};
    for (size_t c = 0; c < whole; c += 16) s += load(row + c) * load(x + c);
    float t = sum(s);
    for (size_t c = whole; c < columns; c++) t += row[c] * x[c];
    y[r] = t + (bias ? bias[r] : 0);
  }
}

#define PARAMETERS const float *m, const float *x, const float *bias, size_t rows, size_t columns, float *y
static void products_portable(PARAMETERS) { products(m, x, bias, rows, columns, y); }

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void products_avx2(PARAMETERS) { products(m, x, bias, rows, columns, y); }
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))) static void products_avx512(PARAMETERS) {
  products(m, x, bias, rows, columns, y);
}
#endif

void captioneer_matrix_vector(PARAMETERS) {
#if defined(__x86_64__)
  switch (captioneer_current_level()) {
    case captioneer_level_avx512: products_avx512(m, x, bias, rows, columns, y); return;
    case captioneer_level_avx2: products_avx2(m, x, bias, rows, columns, y); return;
    default: break;
  }
#endif
  products_portable(m, x, bias, rows, columns, y);
}
