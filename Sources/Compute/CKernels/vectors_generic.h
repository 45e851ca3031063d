// What AVX-512 has instructions for, in plain vectors. Included inside the level's target attributes, after vectors.h.
#include <stdint.h>

#define HAS_MASKS 0

typedef int32_t lane_mask __attribute__((vector_size(64)));

// Comparisons with a NaN are false, so the negated ones let it stay.
#define CLAMP(v)                                                                                                    \
  ({                                                                                                                \
    vector value_ = (v);                                                                                            \
    value_ = (vector)((lane_mask)value_ & ~(lane_mask)(value_ < 0.0f));                                             \
    const lane_mask above_ = (lane_mask)(value_ > 6.0f);                                                            \
    (vector)(((lane_mask)value_ & ~above_) | ((lane_mask)((vector){} + 6.0f) & above_));                            \
  })
#define LOAD_TAIL(address, count)                                                                                   \
  ({                                                                                                                \
    vector value_ = {};                                                                                             \
    for (int lane_ = 0; lane_ < (count); ++lane_) value_[lane_] = (address)[lane_];                                 \
    value_;                                                                                                         \
  })
#define STORE_TAIL(address, value, count)                                                                           \
  do {                                                                                                              \
    const vector value_ = (value);                                                                                  \
    for (int lane_ = 0; lane_ < (count); ++lane_) (address)[lane_] = value_[lane_];                                 \
  } while (0)

#define HALF_VECTORS
