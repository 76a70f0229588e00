// The processor's own instruction where it has one (SSE 4.2), else slicing-by-8: eight table look-ups for eight bytes. Source: Kounavis and Berry, "A Systematic Approach to Building
// High Performance Software-Based CRC Generators", ISCC 2005.
#include "croco_clones.h"
#include "CImage.h"
#include <string.h>

static uint32_t table[8][256];

__attribute__((constructor)) static void build_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    table[0][byte] = crc;
  }
  for (uint32_t byte = 0; byte < 256; byte++)
    for (int slice = 1; slice < 8; slice++)
      table[slice][byte] = table[slice - 1][byte] >> 8 ^ table[0][table[slice - 1][byte] & 255];
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t with_instruction(uint32_t crc, const uint8_t *next, size_t count) {
  uint64_t wide = crc;
  for (; count >= 8; count -= 8, next += 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  crc = (uint32_t)wide;
  for (; count > 0; count--, next++) crc = __builtin_ia32_crc32qi(crc, *next);
  return crc;
}
#endif

static uint32_t with_tables(uint32_t crc, const uint8_t *next, size_t count) {
  for (; count >= 8; count -= 8, next += 8) {
    uint32_t low, high;
    memcpy(&low, next, 4);
    memcpy(&high, next + 4, 4);
    low ^= crc;
    crc = table[7][low & 255] ^ table[6][low >> 8 & 255] ^ table[5][low >> 16 & 255] ^ table[4][low >> 24] ^
          table[3][high & 255] ^ table[2][high >> 8 & 255] ^ table[1][high >> 16 & 255] ^ table[0][high >> 24];
  }
  for (; count > 0; count--, next++) crc = crc >> 8 ^ table[0][(crc ^ *next) & 255];
  return crc;
}

uint32_t croco_crc32c(uint32_t crc, const void *bytes, size_t count) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~with_instruction(~crc, bytes, count);
#endif
  return ~with_tables(~crc, bytes, count);
}

uint32_t croco_crc32c_by_tables(uint32_t crc, const void *bytes, size_t count) {
  return ~with_tables(~crc, bytes, count);
}
