#include "COpenBLAS.h"

#include <dlfcn.h>
#include <stdlib.h>

// CBLAS's values for row-major, plain and transposed.
enum { row_major = 101, plain = 111, transposed = 112 };

static void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
static void (*sgemv)(int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
static char *(*version)(void);
static char *(*core_name)(void);

const char *captioneer_blas_load(const char *core) {
  // It reads these while it is loaded. Child processes choose for themselves.
  const int chooses = core && !getenv("OPENBLAS_CORETYPE");
  if (chooses) setenv("OPENBLAS_CORETYPE", core, 1);
  // Our own threads call it; threads of its own under them would only get in each other's way.
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  unsetenv("OPENBLAS_NUM_THREADS");
  if (chooses) unsetenv("OPENBLAS_CORETYPE");
  if (!library) return dlerror();
  *(void **)&sgemm = dlsym(library, "cblas_sgemm");
  *(void **)&sgemv = dlsym(library, "cblas_sgemv");
  *(void **)&version = dlsym(library, "openblas_get_config");
  *(void **)&core_name = dlsym(library, "openblas_get_corename");
  return sgemm && sgemv && version && core_name ? 0 : "libopenblas.so.0 lacks cblas_sgemm, cblas_sgemv or its own name";
}

const char *captioneer_blas_version(void) { return version(); }
const char *captioneer_blas_core(void) { return core_name(); }

void captioneer_sgemm(int transpose_a, int transpose_b, int rows, int columns, int depth, const float *a, int a_stride,
                      const float *b, int b_stride, float beta, float *c, int c_stride) {
  sgemm(row_major, transpose_a ? transposed : plain, transpose_b ? transposed : plain, rows, columns, depth, 1, a, a_stride,
        b, b_stride, beta, c, c_stride);
}

void captioneer_sgemv(int transpose_a, int rows, int columns, const float *a, int a_stride, const float *x, float beta,
                      float *y) {
  sgemv(row_major, transpose_a ? transposed : plain, rows, columns, 1, a, a_stride, x, 1, beta, y, 1);
}
