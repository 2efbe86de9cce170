/**
 * Exact integer inference: runs an integer graph. Every number is what hardware computes; types
 * (int32, int64, __int128) are wide enough for every sum, so nothing overflows but where a
 * number format says what then happens; those cases are counted.
 */
#ifndef NAC_FIXED_H
#define NAC_FIXED_H

#include "core/igraph/igraph.h"

typedef struct nac_fixed nac_fixed;

/** Numbers that were out of their format's range, since the start. */
typedef struct nac_fixed_count {
  int64_t wrapped;   /* WRAP */
  int64_t saturated; /* SAT, SAT_SYM, SAT_ZERO */
} nac_fixed_count;

/** An executor of the graph, which must outlive it. */
int nac_fixed_new(nac_fixed **out, const nac_igraph *g, nac_error *err);
void nac_fixed_free(nac_fixed *f);

/** x (rows, shape of a sample) -> raw values `y` and their numbers `number` of the graph's value
 * `value` (nac_igraph_output(g): the net's output), both (rows, shape) and either NULL. Raw values
 * beyond 2^53 are rounded to double. Fails with NAC_EINTR when the user interrupts. */
int nac_fixed_run(nac_fixed *f, const float *x, int64_t rows, int value, double *raw, double *number, nac_error *err);

/** Counts of an operation. */
nac_fixed_count nac_fixed_counts(const nac_fixed *f, int op);
void nac_fixed_reset(nac_fixed *f);

/* --- For bounds.c -------------------------------------------------------- */

/** Whether an operation only moves elements. */
int nac_iop_moves(nac_iop_kind kind);

/** Does so for elements of `size` bytes (lanes among them). */
void nac_fixed_move(const nac_iop *op, const void *const *x, void *y, size_t size);

#endif
