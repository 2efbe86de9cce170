/** Elements of arrays in files: their types, and turning them into tensors. */
#ifndef NAC_ELEMENT_H
#define NAC_ELEMENT_H

#include "core/error.h"
#include "core/tensor.h"

typedef struct nac_element {
  char kind; /* 'f' IEEE float, 'g' bfloat16, 'i' and 'u' integers, 'b' boolean */
  int bytes; /* 1, 2, 4 or 8 */
  int big;   /* most significant byte first */
} nac_element;

/** Whether the type is one that can be read: f2 f4 f8 g2 i1-i8 u1-u8 b1. */
int nac_element_known(const nac_element *e);

/** The tensor type that holds it: f32 for f2, f4 and g2, f64 for f8, u8 for u1
 * and b1, i32 for the other integers. */
nac_dtype nac_element_dtype(const nac_element *e);

/** A tensor of `raw` elements in row-major order, or in Fortran's; takes
 * `raw`, a nac_malloc block, over in any case. NAC_EFORMAT with `path` when an
 * integer does not fit into 32 bits. The shape's size is the caller's to check. */
int nac_element_tensor(nac_tensor **out, const nac_element *e, int rank, const int64_t *dim, int fortran, void *raw,
                       const char *path, nac_error *err);

/** Reads elements of a plain file that start at byte `offset`. NAC_EFORMAT when
 * the file does not hold them; no memory is taken for them then. */
int nac_element_read(nac_tensor **out, const nac_element *e, int rank, const int64_t *dim, const char *path,
                     int64_t offset, nac_error *err);

#endif
