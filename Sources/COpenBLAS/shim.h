#pragma once
#include <cblas.h>
#include <stdlib.h>

// Only builds with run-time dispatch (DYNAMIC_ARCH) export these, so they are weak: absent means there is nothing to mend.
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

// Swift can't ask whether a weak function is there.
static inline int captioneer_blas_can_redispatch(void) {
  return gotoblas_dynamic_init != 0 && gotoblas_dynamic_quit != 0;
}

// Lets OpenBLAS choose its kernels again, as it did when it was loaded. `core` (or null) stands in OPENBLAS_CORETYPE meanwhile.
// Must run before the first product: buffers are sized for the core in force.
static inline void captioneer_blas_redispatch(const char *core) {
  if (core) setenv("OPENBLAS_CORETYPE", core, 1);
  else unsetenv("OPENBLAS_CORETYPE");
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
}

// A macro-laden header hides its enums from Swift; row-major throughout.
static inline void captioneer_sgemm(int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
                                    int lda, const float *b, int ldb, float beta, float *c, int ldc) {
  cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, m, n, k,
              alpha, a, lda, b, ldb, beta, c, ldc);
}

// y = a x (or a transposed), plus y where beta is 1: one row needs no packing.
static inline void captioneer_sgemv(int transpose_a, int rows, int columns, const float *a, int lda, const float *x,
                                    float beta, float *y) {
  cblas_sgemv(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, rows, columns, 1, a, lda, x, 1, beta, y, 1);
}
