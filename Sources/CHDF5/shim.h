// Static inline wrappers of HDF5: its type identifiers are macros that Swift cannot import.
#pragma once
#include <hdf5.h>

static inline hid_t croco_h5_native_float(void) { return H5T_NATIVE_FLOAT; }
