// OpenBLAS, loaded only where it is asked for: linked, it costs every process 40 MB and a pool of threads at start-up.
#pragma once

/// Loads the library with one thread and, unless OPENBLAS_CORETYPE is set, the kernels called `core` (or NULL: its own choice,
/// which for CPUs newer than the library is its slowest). Returns NULL, or why it could not be loaded. Call it once.
const char *captioneer_blas_load(const char *core);

/// The version, as `OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH …`, and the kernels in force, as `SkylakeX`.
const char *captioneer_blas_version(void);
const char *captioneer_blas_core(void);

/// Row-major: c = a b, plus c where beta is 1.
void captioneer_sgemm(int transpose_a, int transpose_b, int rows, int columns, int depth, const float *a, int a_stride,
                      const float *b, int b_stride, float beta, float *c, int c_stride);

/// y = a x (or a transposed), plus y where beta is 1: one row needs no packing.
void captioneer_sgemv(int transpose_a, int rows, int columns, const float *a, int a_stride, const float *x, float beta,
                      float *y);
