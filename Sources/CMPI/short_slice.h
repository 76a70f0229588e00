// A thread that works little and often, beside others that compute all the time.
#pragma once

#if defined(__linux__)
#include <linux/sched/types.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Asks the kernel (Linux 6.12 and later) for slices of 0.1 ms for the calling thread: it then runs when it wakes instead of when a
// computing thread's slice of some milliseconds is over. Its share of the core stays the same. Older kernels favour who wakes anyway,
// and take no notice.
static inline void croco_take_short_slices(void) {
  struct sched_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.size = sizeof attributes;
  attributes.sched_runtime = 100000;  // ns; with the policy 0, SCHED_OTHER
  (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}
#else
static inline void croco_take_short_slices(void) {}
#endif
