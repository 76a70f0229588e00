// Static inline wrappers of MPI: its constants are macros, which Swift cannot import, and its handles are pointers in one MPI
// and numbers in another. They travel to Swift in structures that it hands back and never looks into. Each wrapper returns
// MPI's status. Counts and offsets are MPI's 32-bit ones; whoever calls cuts longer messages into pieces.
#pragma once
#include <mpi.h>
#include <stdint.h>

#include "short_slice.h"
#include "single_copy.h"

enum {
  croco_mpi_success = MPI_SUCCESS,
  croco_mpi_longest_error_text = MPI_MAX_ERROR_STRING,
  croco_mpi_longest_host_name = MPI_MAX_PROCESSOR_NAME
};

// A group of ranks.
typedef struct __attribute__((swift_attr("@Sendable"))) { MPI_Comm handle; } croco_mpi_communicator;
// An operation under way.
typedef struct { MPI_Request handle; } croco_mpi_request;

// A slice of a buffer for each rank: counts and offsets from the start, in bytes.
typedef struct { void *start; const int *counts; const int *offsets; } croco_mpi_slices;

// The process.

static inline int croco_mpi_initialized(int *flag) { return MPI_Initialized(flag); }

// Calls come from one thread at a time, or, where MPI does not give that, from the thread that initialises.
static inline int croco_mpi_init(int *is_funneled, int *is_serialized) {
  int provided = MPI_THREAD_SINGLE;
  croco_mpi_choose_copy_mechanism();
  int status = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
  *is_funneled = provided >= MPI_THREAD_FUNNELED;
  *is_serialized = provided >= MPI_THREAD_SERIALIZED;
  return status;
}
static inline int croco_mpi_finalize(void) { return MPI_Finalize(); }
static inline int croco_mpi_abort(int exit_code) { return MPI_Abort(MPI_COMM_WORLD, exit_code); }
static inline int croco_mpi_host_name(char *name, int *length) { return MPI_Get_processor_name(name, length); }
static inline int croco_mpi_error_text(int status, char *text, int *length) {
  return MPI_Error_string(status, text, length);
}

// Groups.

static inline croco_mpi_communicator croco_mpi_world(void) { return (croco_mpi_communicator){MPI_COMM_WORLD}; }
static inline int croco_mpi_duplicate(croco_mpi_communicator group, croco_mpi_communicator *copy) {
  return MPI_Comm_dup(group.handle, &copy->handle);
}
static inline int croco_mpi_split(croco_mpi_communicator group, int color, int key, croco_mpi_communicator *part) {
  return MPI_Comm_split(group.handle, color, key, &part->handle);
}
// The ranks that can share memory, in the group's order.
static inline int croco_mpi_split_by_host(croco_mpi_communicator group, croco_mpi_communicator *part) {
  return MPI_Comm_split_type(group.handle, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &part->handle);
}
static inline int croco_mpi_free(croco_mpi_communicator *group) { return MPI_Comm_free(&group->handle); }
static inline int croco_mpi_return_errors(croco_mpi_communicator group) {
  return MPI_Comm_set_errhandler(group.handle, MPI_ERRORS_RETURN);
}
static inline int croco_mpi_rank(croco_mpi_communicator group, int *rank) { return MPI_Comm_rank(group.handle, rank); }
static inline int croco_mpi_size(croco_mpi_communicator group, int *size) { return MPI_Comm_size(group.handle, size); }

// Collectives.

static inline int croco_mpi_barrier(croco_mpi_communicator group) { return MPI_Barrier(group.handle); }
static inline int croco_mpi_or(croco_mpi_communicator group, uint64_t *flags) {
  return MPI_Allreduce(MPI_IN_PLACE, flags, 1, MPI_UINT64_T, MPI_BOR, group.handle);
}
static inline int croco_mpi_start_or(croco_mpi_communicator group, uint64_t *flags, croco_mpi_request *request) {
  return MPI_Iallreduce(MPI_IN_PLACE, flags, 1, MPI_UINT64_T, MPI_BOR, group.handle, &request->handle);
}
static inline int croco_mpi_sum_floats(croco_mpi_communicator group, float *values, int count) {
  return MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, group.handle);
}
static inline int croco_mpi_gather_doubles(
    croco_mpi_communicator group, const double *values, int count, double *all) {
  return MPI_Allgather(values, count, MPI_DOUBLE, all, count, MPI_DOUBLE, group.handle);
}
static inline int croco_mpi_gather_lengths(croco_mpi_communicator group, const int64_t *length, int64_t *all) {
  return MPI_Allgather(length, 1, MPI_INT64_T, all, 1, MPI_INT64_T, group.handle);
}
static inline int croco_mpi_gather_bytes(
    croco_mpi_communicator group, const void *bytes, int count, void *all, const int *counts, const int *offsets) {
  return MPI_Allgatherv(bytes, count, MPI_BYTE, all, counts, offsets, MPI_BYTE, group.handle);
}
static inline int croco_mpi_broadcast_bytes(croco_mpi_communicator group, void *bytes, int count, int root) {
  return MPI_Bcast(bytes, count, MPI_BYTE, root, group.handle);
}

// Slices of buffers; each with the form that returns at once.

static inline int croco_mpi_gather_slices(croco_mpi_communicator group, croco_mpi_slices all) {
  return MPI_Allgatherv(
      MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all.start, all.counts, all.offsets, MPI_BYTE, group.handle);
}
static inline int croco_mpi_exchange_slices(
    croco_mpi_communicator group, croco_mpi_slices outgoing, croco_mpi_slices incoming) {
  return MPI_Alltoallv(
      outgoing.start, outgoing.counts, outgoing.offsets, MPI_BYTE, incoming.start, incoming.counts,
      incoming.offsets, MPI_BYTE, group.handle);
}
static inline int croco_mpi_start_exchange_slices(
    croco_mpi_communicator group, croco_mpi_slices outgoing, croco_mpi_slices incoming,
    croco_mpi_request *request) {
  return MPI_Ialltoallv(
      outgoing.start, outgoing.counts, outgoing.offsets, MPI_BYTE, incoming.start, incoming.counts,
      incoming.offsets, MPI_BYTE, group.handle, &request->handle);
}

// Operations under way.

static inline int croco_mpi_start_barrier(croco_mpi_communicator group, croco_mpi_request *request) {
  return MPI_Ibarrier(group.handle, &request->handle);
}
static inline int croco_mpi_test(croco_mpi_request *request, int *is_complete) {
  return MPI_Test(&request->handle, is_complete, MPI_STATUS_IGNORE);
}
static inline int croco_mpi_wait(croco_mpi_request *request) { return MPI_Wait(&request->handle, MPI_STATUS_IGNORE); }
