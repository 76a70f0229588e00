// Static inline wrappers of HDF5: its identifiers are macros that Swift cannot import.
#pragma once
#include <hdf5.h>

static inline hid_t croco_h5_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t croco_h5_native_uint16(void) { return H5T_NATIVE_UINT16; }
static inline hid_t croco_h5_native_uint32(void) { return H5T_NATIVE_UINT32; }
static inline hid_t croco_h5_native_uint64(void) { return H5T_NATIVE_UINT64; }
static inline hid_t croco_h5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t croco_h5_uint8le(void) { return H5T_STD_U8LE; }
static inline hid_t croco_h5_uint16le(void) { return H5T_STD_U16LE; }
static inline hid_t croco_h5_uint32le(void) { return H5T_STD_U32LE; }
static inline hid_t croco_h5_uint64le(void) { return H5T_STD_U64LE; }
static inline hid_t croco_h5_float32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t croco_h5_c_string(void) { return H5T_C_S1; }

static inline hid_t croco_h5_default(void) { return H5P_DEFAULT; }
static inline hid_t croco_h5_all(void) { return H5S_ALL; }
static inline hid_t croco_h5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t croco_h5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t croco_h5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t croco_h5_group_create(void) { return H5P_GROUP_CREATE; }
static inline unsigned croco_h5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned croco_h5_truncate(void) { return H5F_ACC_TRUNC; }
static inline haddr_t croco_h5_undefined_address(void) { return HADDR_UNDEF; }

static inline herr_t croco_h5_silence(void) { return H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

// Locking fails on many network file systems, and immutable files need none.
static inline herr_t croco_h5_disable_locking(hid_t access) {
#if H5_VERSION_GE(1, 10, 7)
  return H5Pset_file_locking(access, 0, 1);
#else
  return 0;
#endif
}

// Format 1.8: object headers with checksums, readable by every HDF5 since 2008.
static inline herr_t croco_h5_use_format_18(hid_t access) {
#if H5_VERSION_GE(1, 10, 2)
  return H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
#else
  return H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
#endif
}
