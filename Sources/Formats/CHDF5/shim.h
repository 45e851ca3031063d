// libhdf5's constants are macros that call H5open() first; Swift imports neither such macros nor casts, so each has a getter.
#pragma once
#include <hdf5.h>

static inline hid_t captioneer_hdf5_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t captioneer_hdf5_int32(void) { return H5T_STD_I32LE; }
static inline hid_t captioneer_hdf5_int64(void) { return H5T_STD_I64LE; }
static inline hid_t captioneer_hdf5_uint32(void) { return H5T_STD_U32LE; }
static inline hid_t captioneer_hdf5_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t captioneer_hdf5_c_string(void) { return H5T_C_S1; }
static inline hid_t captioneer_hdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t captioneer_hdf5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t captioneer_hdf5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t captioneer_hdf5_group_create(void) { return H5P_GROUP_CREATE; }
// H5P_DEFAULT, H5S_ALL and H5E_DEFAULT are casts of 0.
static inline hid_t captioneer_hdf5_default(void) { return H5P_DEFAULT; }
static inline size_t captioneer_hdf5_variable(void) { return H5T_VARIABLE; }
static inline haddr_t captioneer_hdf5_undefined_address(void) { return HADDR_UNDEF; }
static inline unsigned captioneer_hdf5_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned captioneer_hdf5_read_only(void) { return H5F_ACC_RDONLY; }
// The error stack is silenced for this thread: errors become values instead of text on standard error.
static inline void captioneer_hdf5_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }
static inline herr_t captioneer_hdf5_capture(unsigned n, const H5E_error2_t *error, void *text) {
  (void)n;
  if (error->desc && *error->desc) *(const char **)text = error->desc;
  return 0;
}
// The innermost message of the current error stack.
static inline const char *captioneer_hdf5_message(void) {
  const char *text = "unknown HDF5 error";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, captioneer_hdf5_capture, &text);
  return text;
}
