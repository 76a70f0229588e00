// Element-wise SIMD kernels in plain C; each file of kernels has its header here.
#pragma once
#include "croco_clones.h"
#include "attention.h"
#include "crc32c.h"
#include "croco_adamw.h"
#include "croco_scene.h"
#include "gelu.h"
#include "layer_norm.h"
#include "patches.h"
#include "resize.h"
#include "rows.h"
#include "sums.h"
#include "transforms.h"
