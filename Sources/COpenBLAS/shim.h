// OpenBLAS: CBLAS and the few functions of openblas_config that croco calls.
#pragma once
#include <cblas.h>
