// Whether the ranks of a host may read each other's memory. Containers and security modules often forbid it, and Open MPI
// 4 notices only when a message fails, and says so for each; without it, messages are copied twice, through shared memory.
#pragma once
#include <stdlib.h>

#if defined(__linux__)
#include <errno.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

ssize_t process_vm_readv(
    pid_t pid, const struct iovec *local, unsigned long local_count, const struct iovec *remote,
    unsigned long remote_count, unsigned long flags);

// A child that reads its parent stands for a rank that reads another: neither has the rights of an ancestor.
static inline int croco_may_read_other_processes(void) {
  static const long written = 0x636f63726f;
  const pid_t parent = getpid();
#ifdef PR_SET_PTRACER
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);  // Open MPI does the same; fails where Yama is absent.
#endif
  const pid_t child = fork();
  if (child < 0) return 0;
  if (child == 0) {
    long read = 0;
    struct iovec local = {&read, sizeof read}, remote = {(void *)&written, sizeof written};
    const ssize_t count = process_vm_readv(parent, &local, 1, &remote, 1, 0);
    _exit(count == (ssize_t)sizeof read && read == written ? 0 : 1);
  }
  int status = 0;
  pid_t ended;
  do ended = waitpid(child, &status, 0);
  while (ended < 0 && errno == EINTR);
  return ended == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
#else
static inline int croco_may_read_other_processes(void) { return 0; }
#endif

// Tells Open MPI 4 to copy through shared memory where reading is forbidden and the environment (or mpirun --mca) does not
// say otherwise; before MPI_Init.
static inline void croco_mpi_choose_copy_mechanism(void) {
  static const char name[] = "OMPI_MCA_btl_vader_single_copy_mechanism";
  if (getenv(name) == NULL && !croco_may_read_other_processes()) setenv(name, "none", 1);
}
