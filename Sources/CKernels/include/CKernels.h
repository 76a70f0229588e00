// Element-wise SIMD kernels in plain C; each file of kernels has its header here.
#pragma once
#include "croco_clones.h"
#include "attention.h"
#include "gelu.h"
#include "layer_norm.h"
#include "patches.h"
#include "rows.h"
