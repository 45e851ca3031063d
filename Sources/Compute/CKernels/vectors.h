// Vectors of 16 floats, whatever the CPU: the compiler splits them where registers are narrower. For one CPU level, whose file
// defines NAME(x), FUSED(a, b, c) (fused.h) and, where it has instructions for them, CLAMP, LOAD_TAIL and STORE_TAIL
// (else vectors_generic.h).
#include <stddef.h>
#include <stdint.h>

typedef float vector __attribute__((vector_size(64), aligned(4), may_alias));
typedef float half_vector __attribute__((vector_size(32), aligned(4), may_alias));

#define LOAD(address) (*(const vector *)(address))
#define STORE(address, value) (*(vector *)(address) = (value))
// All lanes the same; minus zero stays what it is.
#define ALL_LANES(type, value) ((value) - (type){})
#define WIDEN(v) __builtin_shufflevector((v), (half_vector){}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINED static inline __attribute__((always_inline))
