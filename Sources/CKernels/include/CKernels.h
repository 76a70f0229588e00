// Element-wise SIMD kernels in plain C; each file of kernels has its header here.
#pragma once
#include "croco_adamw.h"
#include "croco_clones.h"
#include "sums.h"
