// Static inline wrappers of MPI: its handles and constants are macros that Swift cannot import. Each returns MPI's status.
// Counts and displacements are MPI's 32-bit ones; whoever calls cuts longer messages into pieces.
#pragma once
#include <mpi.h>
#include <stdint.h>
#include <string.h>

#include "single_copy.h"

enum {
  croco_mpi_success = MPI_SUCCESS,
  croco_mpi_longest_error_text = MPI_MAX_ERROR_STRING,
  croco_mpi_longest_host_name = MPI_MAX_PROCESSOR_NAME
};

static inline int croco_mpi_initialized(int *flag) { return MPI_Initialized(flag); }
static inline int croco_mpi_finalized(int *flag) { return MPI_Finalized(flag); }

// Calls come from the thread that initialises.
static inline int croco_mpi_init(int *is_funneled) {
  int provided = MPI_THREAD_SINGLE;
  croco_mpi_choose_copy_mechanism();
  int status = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  *is_funneled = provided >= MPI_THREAD_FUNNELED;
  return status;
}
static inline int croco_mpi_return_errors(void) { return MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN); }
static inline int croco_mpi_finalize(void) { return MPI_Finalize(); }
static inline int croco_mpi_abort(int exit_code) { return MPI_Abort(MPI_COMM_WORLD, exit_code); }

static inline int croco_mpi_rank(int *rank) { return MPI_Comm_rank(MPI_COMM_WORLD, rank); }
static inline int croco_mpi_size(int *size) { return MPI_Comm_size(MPI_COMM_WORLD, size); }
static inline int croco_mpi_host_name(char *name, int *length) { return MPI_Get_processor_name(name, length); }
static inline int croco_mpi_error_text(int status, char *text, int *length) {
  return MPI_Error_string(status, text, length);
}

static inline int croco_mpi_barrier(void) { return MPI_Barrier(MPI_COMM_WORLD); }
static inline int croco_mpi_or(uint64_t *flags) {
  return MPI_Allreduce(MPI_IN_PLACE, flags, 1, MPI_UINT64_T, MPI_BOR, MPI_COMM_WORLD);
}
static inline int croco_mpi_sum_floats(float *values, int count) {
  return MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}
static inline int croco_mpi_gather_doubles(const double *values, int count, double *all) {
  return MPI_Allgather(values, count, MPI_DOUBLE, all, count, MPI_DOUBLE, MPI_COMM_WORLD);
}
static inline int croco_mpi_gather_lengths(const int64_t *length, int64_t *all) {
  return MPI_Allgather(length, 1, MPI_INT64_T, all, 1, MPI_INT64_T, MPI_COMM_WORLD);
}
static inline int croco_mpi_gather_bytes(
    const void *bytes, int count, void *all, const int *counts, const int *offsets) {
  return MPI_Allgatherv(bytes, count, MPI_BYTE, all, counts, offsets, MPI_BYTE, MPI_COMM_WORLD);
}
static inline int croco_mpi_gather_float_slices(float *values, const int *counts, const int *offsets) {
  return MPI_Allgatherv(
      MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, counts, offsets, MPI_FLOAT, MPI_COMM_WORLD);
}
static inline int croco_mpi_gather_double_slices(double *values, const int *counts, const int *offsets) {
  return MPI_Allgatherv(
      MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, counts, offsets, MPI_DOUBLE, MPI_COMM_WORLD);
}
static inline int croco_mpi_broadcast_bytes(void *bytes, int count, int root) {
  return MPI_Bcast(bytes, count, MPI_BYTE, root, MPI_COMM_WORLD);
}
static inline int croco_mpi_exchange_floats(
    const float *send, const int *counts, const int *offsets, float *receive, const int *receive_counts,
    const int *receive_offsets) {
  return MPI_Alltoallv(
      send, counts, offsets, MPI_FLOAT, receive, receive_counts, receive_offsets, MPI_FLOAT, MPI_COMM_WORLD);
}

// A barrier that can be given up, on a communicator of its own: it never meets a collective that hangs.
// Both handles travel as opaque numbers.
static inline int croco_mpi_duplicate_world(uint64_t *communicator) {
  MPI_Comm handle;
  int status = MPI_Comm_dup(MPI_COMM_WORLD, &handle);
  if (status == MPI_SUCCESS) status = MPI_Comm_set_errhandler(handle, MPI_ERRORS_RETURN);
  memcpy(communicator, &handle, sizeof handle);
  return status;
}
static inline int croco_mpi_start_barrier(uint64_t communicator, uint64_t *request) {
  MPI_Comm handle;
  MPI_Request pending;
  memcpy(&handle, &communicator, sizeof handle);
  int status = MPI_Ibarrier(handle, &pending);
  memcpy(request, &pending, sizeof pending);
  return status;
}
static inline int croco_mpi_test(uint64_t *request, int *is_complete) {
  MPI_Request pending;
  memcpy(&pending, request, sizeof pending);
  int status = MPI_Test(&pending, is_complete, MPI_STATUS_IGNORE);
  memcpy(request, &pending, sizeof pending);
  return status;
}
