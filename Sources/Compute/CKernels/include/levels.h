// Which instruction set the kernels run on. A level is its place in the table of levels.c: 0 is the best.
#pragma once

/// How many levels this architecture has kernels for.
int captioneer_level_count(void);

/// As CAPTIONEER_CPU has it.
const char *_Nonnull captioneer_level_name(int level);

/// Whether this CPU has its instructions.
int captioneer_level_is_available(int level);

/// Its kernels' name in OpenBLAS; NULL: OpenBLAS's own choice.
const char *_Nullable captioneer_level_blas_core(int level);

/// The level in force for the calling thread: what `captioneer_set_level` said, else what CAPTIONEER_CPU names, else the best that
/// the CPU has. A name that means nothing, or a level that the CPU lacks, ends the process with a line on standard error and
/// exit code 1: no kernel runs. Stages look at the variable before they begin, and say it as they say everything.
int captioneer_current_level(void);

/// Sets the level of the calling thread, for tests and benchmarks; −1: the process's again. A level that the CPU lacks is refused as above.
void captioneer_set_level(int level);

/// The kernels: each leaves a mark of its level, in the thread that runs it, so that it can be proved which ran.
int captioneer_kernel_count(void);
const char *_Nonnull captioneer_kernel_name(int kernel);

/// The level whose kernel the calling thread ran last, −1 where it ran none since `captioneer_forget_marks`.
int captioneer_kernel_mark(int kernel);
void captioneer_forget_marks(void);
