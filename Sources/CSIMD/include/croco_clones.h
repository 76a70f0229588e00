// One binary for every x86-64: the compiler makes a clone of a kernel for each instruction set and picks at load time.
#pragma once

// The thread sanitizer's runtime is not yet there when the loader picks a clone.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CROCO_NO_CLONES
#endif
#endif

#if defined(__x86_64__) && defined(__linux__) && !defined(CROCO_NO_CLONES)
#define CROCO_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CROCO_CLONES
#endif

// "x86-64-v4", "x86-64-v3", "x86-64" or "portable": the clone in use.
const char *croco_kernel_level(void);
