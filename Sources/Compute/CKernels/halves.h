// Half floats by integer arithmetic, for CPUs without the instruction. Private to CKernels.
#pragma once
#include <stdint.h>
#include <string.h>

/// f32 → f16 bits, to nearest, ties to even; overflow becomes infinity, NaN stays a quiet NaN.
static inline uint16_t captioneer_half_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  const uint32_t sign = bits >> 16 & 0x8000;
  bits &= 0x7FFFFFFF;
  if (bits > 0x7F800000) return (uint16_t)(sign | 0x7E00 | (bits >> 13 & 0x3FF));
  if (bits >= 0x477FF000) return (uint16_t)(sign | 0x7C00);
  if (bits < 0x38800000) {  // subnormal half: let the FPU round at the right bit
    float magnitude, magic = 0.5f;
    memcpy(&magnitude, &bits, 4);
    magnitude += magic;
    uint32_t shifted, base;
    memcpy(&shifted, &magnitude, 4);
    memcpy(&base, &magic, 4);
    return (uint16_t)(sign | (shifted - base));
  }
  bits += 0xC8000FFF + (bits >> 13 & 1);
  return (uint16_t)(sign | bits >> 13);
}
