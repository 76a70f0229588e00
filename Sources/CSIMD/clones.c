// Which clone of the kernels the loader picked, for the log.
#include "croco_clones.h"

#if defined(__x86_64__) && defined(__linux__)
const char *croco_kernel_level(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return "x86-64-v4";
  return __builtin_cpu_supports("x86-64-v3") ? "x86-64-v3" : "x86-64";
}
#else
const char *croco_kernel_level(void) { return "portable"; }
#endif
