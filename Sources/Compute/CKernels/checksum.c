#include "checksum.h"

#include <string.h>

#include "checksum_kernels.h"
#include "kernels.h"

#define POLYNOMIAL 0x82F63B78u

// Slicing by eight: table[k][b] is the CRC of byte b followed by k zero bytes.
static uint32_t table[8][256];

__attribute__((constructor)) static void fill_table(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
    table[0][byte] = crc;
  }
  for (int k = 1; k < 8; k++)
    for (int byte = 0; byte < 256; byte++)
      table[k][byte] = table[k - 1][byte] >> 8 ^ table[0][table[k - 1][byte] & 255];
}

uint32_t captioneer_crc32c_by_tables(uint32_t crc, const uint8_t *bytes, size_t count) {
  for (; count >= 8; count -= 8, bytes += 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);  // little-endian hosts only, as everywhere in the caches
    word ^= crc;
    crc = 0;
    for (int k = 0; k < 8; k++) crc ^= table[7 - k][word >> 8 * k & 255];
  }
  while (count--) crc = crc >> 8 ^ table[0][(crc ^ *bytes++) & 255];
  return crc;
}

#if defined(__x86_64__)
#include <immintrin.h>

// The CRC after `LANE` zero bytes, as four tables over the CRC's bytes: joins lanes that were computed side by side.
#define LANE 1024
static uint32_t shift[4][256];

__attribute__((constructor(200))) static void fill_shift(void) {
  static const uint8_t zeros[LANE];
  for (int k = 0; k < 4; k++)
    for (uint32_t byte = 0; byte < 256; byte++) shift[k][byte] = 0;
  fill_table();
  for (int k = 0; k < 4; k++)
    for (uint32_t byte = 0; byte < 256; byte++) shift[k][byte] = captioneer_crc32c_by_tables(byte << 8 * k, zeros, LANE);
}

static uint32_t shifted(uint32_t crc) {
  return shift[0][crc & 255] ^ shift[1][crc >> 8 & 255] ^ shift[2][crc >> 16 & 255] ^ shift[3][crc >> 24];
}

// The instruction takes three cycles but starts every cycle, so three lanes run side by side.
__attribute__((target("sse4.2"))) uint32_t captioneer_crc32c_by_instruction(uint32_t crc, const uint8_t *bytes, size_t count) {
  for (; count >= 3 * LANE; count -= 3 * LANE, bytes += 3 * LANE) {
    uint64_t first = crc, second = 0, third = 0;
    for (size_t i = 0; i < LANE; i += 8) {
      uint64_t a, b, c;
      memcpy(&a, bytes + i, 8);
      memcpy(&b, bytes + LANE + i, 8);
      memcpy(&c, bytes + 2 * LANE + i, 8);
      first = _mm_crc32_u64(first, a);
      second = _mm_crc32_u64(second, b);
      third = _mm_crc32_u64(third, c);
    }
    crc = shifted(shifted((uint32_t)first) ^ (uint32_t)second) ^ (uint32_t)third;
  }
  uint64_t wide = crc;
  for (; count >= 8; count -= 8, bytes += 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = (uint32_t)wide;
  while (count--) crc = _mm_crc32_u8(crc, *bytes++);
  return crc;
}
#endif

uint32_t captioneer_crc32c(uint32_t crc, const void *bytes, size_t count) {
  return ~captioneer_kernels_in_force()->crc32c(~crc, bytes, count);
}
