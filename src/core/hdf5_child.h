/* Between core/hdf5.c and the child in which the HDF5 library works. */
#ifndef NAC_HDF5_CHILD_H
#define NAC_HDF5_CHILD_H

#include "core/error.h"
#include "core/hdf5.h"

/* What is asked. */
typedef struct nac_hdf5_job {
  enum { NAC_HDF5_NAMES, NAC_HDF5_LOOK, NAC_HDF5_READ } what;
  const char *path;
  const char *name;
  int64_t first;
  int64_t count;
  int64_t file_bytes;
} nac_hdf5_job;

/* The answer. NAMES: `n` lengths (int32), each followed by that many
 * characters. READ: `n` elements of `element` bytes, integers of 8. */
typedef struct nac_hdf5_reply {
  nac_error error; /* code NAC_OK, or nothing follows */
  nac_hdf5_info info;
  int element;
  int64_t n;
} nac_hdf5_reply;

/** Opens the library. NAC_EIO names the package that is missing. */
int nac_hdf5_open_library(nac_error *err);

/** Does the job, writes the answer to `fd` and leaves the process. */
_Noreturn void nac_hdf5_child(const nac_hdf5_job *job, int fd);

#endif
