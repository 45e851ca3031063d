// The two ways to a CRC32C, before and after the inversions. Private to CKernels.
#pragma once
#include <stddef.h>
#include <stdint.h>

uint32_t captioneer_crc32c_by_tables(uint32_t crc, const uint8_t *bytes, size_t count);
#if defined(__x86_64__)
/// SSE4.2, which every CPU with AVX2 has.
uint32_t captioneer_crc32c_by_instruction(uint32_t crc, const uint8_t *bytes, size_t count);
#endif
