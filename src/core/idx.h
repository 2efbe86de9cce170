/**
 * IDX files (the format of MNIST, described at its home page): two zero bytes,
 * element type, rank, the dimensions as big-endian 32-bit integers, then the
 * elements in row-major order, big-endian. Plain or gzip.
 */
#ifndef NAC_IDX_H
#define NAC_IDX_H

#include "core/tensor.h"

/** Reads a file. Element types u8, i32, f32, f64 keep their type; i8 and i16
 * become i32. `max_rows` >= 0 reads only that many entries of the first
 * dimension (and inflates no more of a gzip file); -1 reads all and checks that
 * nothing follows. NAC_EFORMAT (wrong magic, truncated, lying header, trailing
 * bytes) and NAC_EIO name the path. */
int nac_idx_read(nac_tensor **out, const char *path, int64_t max_rows, nac_error *err);

/** Reads the shape alone: rank and dimensions. */
int nac_idx_shape(const char *path, int *rank, int64_t *dim, nac_error *err);

/** Writes a tensor as a plain file (temporary name, then rename). */
int nac_idx_write(const char *path, const nac_tensor *t, nac_error *err);

#endif
