#pragma once
#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78) of `count` bytes; `crc` is 0 or the result of the bytes before.
uint32_t croco_crc32c(uint32_t crc, const void *bytes, size_t count);

// The same on every processor: the oracle of the above, and what it uses where there is no instruction for it.
uint32_t croco_crc32c_by_tables(uint32_t crc, const void *bytes, size_t count);
