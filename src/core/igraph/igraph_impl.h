/* Layout of the integer graph and what its builders share. Private to this folder. */
#ifndef NAC_IGRAPH_IMPL_H
#define NAC_IGRAPH_IMPL_H

#include "core/igraph/igraph.h"

struct nac_igraph {
  nac_ivalue *value;
  int n_values;
  int room_values;
  nac_iop *op;
  int n_ops;
  int room_ops;
  int output;
};

/** An operation of that kind with its name, ready to be filled in; on failure nothing is kept. */
int nac_iop_begin(nac_iop *op, nac_iop_kind kind, const char *layer, nac_error *err);

/** Frees what an operation owns. */
void nac_iop_clear(nac_iop *op);

/** Appends op, which the graph owns from now on (also on failure), with an output value of this
 * shape and binary point and, copied, these formats (NULL: none); works out the bounds. */
int nac_igraph_append(nac_igraph *g, nac_iop *op, int rank, const int64_t *dim, int fraction, const nac_quantiser *q,
                      int *out, nac_error *err);

/** Fills in the output's intervals and the operation's reach (bounds.c). */
int nac_igraph_bounds(const nac_igraph *g, nac_iop *op, nac_ivalue *y, nac_error *err);

/** Shifts that bring the inputs to one binary point, which is returned. */
int nac_iop_align(const nac_igraph *g, nac_iop *op);

/** The binary point of the finest format, and the raw value of format i there. */
int nac_quantiser_fraction(const nac_quantiser *q);
static inline nac_wide nac_wide_abs(nac_wide x)
{
  return x < 0 ? -x : x;
}

/** The greatest magnitude that normalising n numbers gives, as a real number. */
double nac_normalise_most(int64_t n);

/** x * 2^shift, shift >= 0. */
static inline nac_wide nac_wide_up(nac_wide x, int shift)
{
  return x * ((nac_wide)1 << shift);
}

/* An operation at work on LANES samples side by side: element e of lane l lies at e * LANES + l.
 * Inputs are already shifted and of the operation's type; so are weights and offsets. The
 * 32- and 64-bit forms have NAC_FIXED_LANES lanes; _bound has 2, for bounds.c. */
#define NAC_ILOG2 90852 /* log 2 with NAC_IEXP_FRACTION bits after the point */
#define NAC_FIXED_LANES 16
#define NAC_BOUND_LANES 2
void nac_fixed_op_i32(const nac_iop *op, const void *w, const void *b, const void *const *x, void *y);
void nac_fixed_op_i64(const nac_iop *op, const void *w, const void *b, const void *const *x, void *y);
void nac_fixed_op_i128(const nac_iop *op, const void *w, const void *b, const void *const *x, void *y);
void nac_fixed_op_bound(const nac_iop *op, const void *w, const void *b, const void *const *x, void *y);

/** MATMUL_CONST and CONV_CONST of 32 bits on NAC_FIXED_LANES samples, by the fast kernel. `room` holds two
 * numbers for each constant of an output. */
void nac_fixed_taps(const nac_iop *op, long *room, const int32_t *w, const int32_t *b, const int32_t *x, int32_t *y);

#endif
