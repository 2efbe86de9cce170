/**
 * NumPy's array files, versions 1 to 3 (NEP 1 and its successors): magic, a
 * header that is a Python dict literal (descr, fortran_order, shape), then the
 * elements.
 */
#ifndef NAC_NPY_H
#define NAC_NPY_H

#include "core/element.h"
#include "core/stream.h"
#include "core/tensor.h"

/** Reads a file. f2 and f4 become f32, f8 f64, bool and u1 u8; i1 to i8 and u2
 * to u8 become i32 (NAC_EFORMAT when a value does not fit). Both byte orders;
 * Fortran order is turned into row-major order. NAC_EFORMAT on any other
 * element type, damage, or bytes after the end. */
int nac_npy_read(nac_tensor **out, const char *path, nac_error *err);

/** The same from a stream that stands at the magic (a member of an npz). */
int nac_npy_read_stream(nac_tensor **out, nac_stream *s, nac_error *err);

/** What the header says. */
typedef struct nac_npy_info {
  nac_element element;
  int fortran;
  int rank;
  int64_t dim[NAC_MAX_RANK];
  int64_t n;      /* elements */
  int64_t offset; /* of the first one, in bytes */
} nac_npy_info;

/** Reads the header of a plain file in row-major order, whose size must be right. */
int nac_npy_look(nac_npy_info *info, const char *path, nac_error *err);

/** Reads rows [first, first + count) of the first dimension of such a file. */
int nac_npy_read_rows(nac_tensor **out, const char *path, int64_t first, int64_t count, nac_error *err);

/** Writes a tensor as version 1 (temporary name, then rename). */
int nac_npy_write(const char *path, const nac_tensor *t, nac_error *err);

/** Room for any header that nac_npy_header writes. */
#define NAC_NPY_HEADER 320

/** Writes the bytes before the elements of a contiguous tensor; returns their
 * number, a multiple of 64. */
size_t nac_npy_header(unsigned char header[NAC_NPY_HEADER], const nac_tensor *t);

#endif
