// CRC32C (Castagnoli, reflected polynomial 0x82F63B78), as in RFC 3720.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Continues a CRC32C over `count` bytes; start with 0.
uint32_t captioneer_crc32c(uint32_t crc, const void *bytes, size_t count);
