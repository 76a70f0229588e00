// xxHash: the XXH3 64-bit digest of files.
#pragma once
#include <xxhash.h>
