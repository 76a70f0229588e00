// Element-wise passes of the network and its optimiser, SIMD in plain C; each file of passes has its header here.
#pragma once
#include "adamw.h"
#include "attention.h"
#include "gelu.h"
#include "layer_norm.h"
#include "patches.h"
#include "rows.h"
#include "sums.h"
