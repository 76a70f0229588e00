// Element-wise SIMD kernels in plain C; each file of kernels has its header here.
#pragma once
#include "croco_clones.h"
#include "crc32c.h"
#include "resize.h"
