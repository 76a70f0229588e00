// Static inline wrappers of Open MPI: its constants are macros that Swift cannot import.
#pragma once
#include <mpi.h>

static inline int croco_mpi_initialized(int *flag) { return MPI_Initialized(flag); }
