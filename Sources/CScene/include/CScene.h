// The ray tracer of synthetic scenes, SIMD in plain C.
#pragma once
#include "scene.h"
