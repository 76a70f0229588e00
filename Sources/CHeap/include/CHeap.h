// The C heap's own account of itself, which Swift's importer does not reach.
#pragma once
#include <stdint.h>

// The bytes that are allocated, mapped blocks included; -1 where the C library cannot tell.
int64_t croco_heap_bytes(void);
