/**
 * HDF5 files, read through the system's HDF5 library (Debian's
 * libhdf5-103-1), which is opened when the first file is read: the engine starts
 * without it. The library is not made for damaged files. It therefore works in a
 * child process with a limit on its memory; what goes wrong there (a crash, a
 * hang) is an error here.
 *
 * Datasets of integers, floats and booleans, contiguous, compact or chunked,
 * with the filters that the library has (gzip, shuffle, fletcher32, ...).
 */
#ifndef NAC_HDF5_H
#define NAC_HDF5_H

#include "core/error.h"
#include "core/tensor.h"
#include "core/words.h"

/** What a dataset is. */
typedef struct nac_hdf5_info {
  nac_dtype dtype; /* as in nac_hdf5_read */
  int rank;
  int64_t dim[NAC_MAX_RANK];
} nac_hdf5_info;

/** The paths of all datasets, without the first slash, depth first; soft and external
 * links are left out. */
int nac_hdf5_names(nac_words *out, const char *path, nac_error *err);

/** Type and shape of a dataset. NAC_EFORMAT names the file, and the datasets that it
 * has where this one is not there. */
int nac_hdf5_look(nac_hdf5_info *info, const char *path, const char *name, nac_error *err);

/** Reads rows [first, first + count) of the first dimension; count -1 is all
 * that follow, and scalars have none. f2 and f4 become f32, f8 f64, u1 and booleans
 * u8, other integers i32 (NAC_EFORMAT when one does not fit). No more memory is taken than
 * the file can justify: 1032 times its size, deflate's limit, where it is
 * packed. */
int nac_hdf5_read(nac_tensor **out, const char *path, const char *name, int64_t first, int64_t count, nac_error *err);

#endif
