#include "CGEMM.h"

#if defined(__x86_64__)
#include "sizes.h"

// Server processors with AVX-512: 32 registers of 16 floats; a second-level cache of 1 MB or more a core, in which 384 KB of
// packed B stay.
static const struct croco_gemm_blocks avx512 = {.mr = TILE_ROWS, .nr = TILE_COLUMNS, .kc = 768, .mc = 896, .nc = 128};

const struct croco_gemm_blocks *croco_gemm_blocks(void) { return &avx512; }
#else
const struct croco_gemm_blocks *croco_gemm_blocks(void) { return 0; }
#endif
