// Resizing, colour transforms and CRC-32C of stored images, SIMD in plain C; each file has its header here.
#pragma once
#include "crc32c.h"
#include "resize.h"
#include "transforms.h"
