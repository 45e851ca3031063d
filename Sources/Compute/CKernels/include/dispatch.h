// Which instruction set the kernels run on.
#pragma once

/// Ascending: a level includes those below it.
typedef enum {
  captioneer_level_portable = 0,  ///< plain C (on arm64: NEON through the compiler)
  captioneer_level_avx2 = 1,      ///< AVX2 + FMA
  captioneer_level_avx512 = 2,    ///< AVX-512 F, BW, DQ, VL
} captioneer_level;

/// The level in force: the best the CPU has, lowered by the environment variable CAPTIONEER_CPU
/// (`portable`, `avx2`, `avx512`), or for the calling thread by `captioneer_set_level`. Whether the variable means anything is
/// looked at by the stages before they begin.
captioneer_level captioneer_current_level(void);

/// What the convolution kernels that the calling thread gets say of themselves.
captioneer_level captioneer_kernels_level(void);

/// The best level the CPU has.
captioneer_level captioneer_best_level(void);

/// Lowers the level of the calling thread, for tests and benchmarks; a level above the CPU's is cut to the CPU's.
void captioneer_set_level(captioneer_level level);
