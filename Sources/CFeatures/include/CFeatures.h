// SIFT features and their matching, SIMD in plain C; each file has its header here.
#pragma once
#include "matching.h"
#include "sift.h"
