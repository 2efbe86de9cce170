/**
 * What a layer kind is: one file here, one nac_kind, one row in kinds.c.
 *
 * A kind declares its attributes, checks shapes and declares its parameters
 * (`describe`), computes (`forward`, `backward`) and states its arithmetic
 * (`cost`). Forward and backward work on rows [r0, r1) of the batch, so that a
 * plan can push cache-sized pieces through a chain of layers. A kind that needs
 * the whole batch first (batchnorm) gives a reduce and a finish function too:
 * the plan then cuts its segments there.
 */
#ifndef NAC_LAYER_H
#define NAC_LAYER_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/net.h"
#include "core/rng.h"

#define NAC_MAX_ATTRS 8
#define NAC_MAX_INPUTS 4
#define NAC_MAX_PARAMS 4

typedef struct nac_layer nac_layer;
typedef struct nac_lower nac_lower; /* core/igraph/lower.h */

/* An attribute that a kind understands. */
typedef struct nac_attr_spec {
  const char *name;
  enum { NAC_INTEGER, NAC_REAL, NAC_FLAG, NAC_WORD, NAC_LIST } type;
  double otherwise; /* default; NAN where the attribute is required; LIST: of its only number */
  double min;
  double max; /* both included; LIST: of each of its integers */
  const char *const *words; /* WORD: what is allowed, ends with NULL; its index is the value */
} nac_attr_spec;

/* How a parameter starts and whether regularisation acts on it. */
typedef struct nac_param_spec {
  const char *suffix; /* the name becomes "<layer>.<suffix>" */
  int rank;
  int64_t dim[NAC_MAX_RANK];
  enum {
    NAC_INIT_CONSTANT, /* all elements `value` */
    NAC_INIT_UNIFORM   /* in [-value, value) */
  } init;
  double value;
  int decayed; /* L1 and L2 act on it */
} nac_param_spec;

/* What `describe` fills in. */
typedef struct nac_describe {
  const nac_layer *layer;
  const int64_t *in_dim[NAC_MAX_INPUTS];
  int in_rank[NAC_MAX_INPUTS];
  int out_rank; /* preset to input 0's shape */
  int64_t out_dim[NAC_MAX_RANK];
  int n_params;
  nac_param_spec param[NAC_MAX_PARAMS];
  int n_buffers;
  nac_param_spec buffer[NAC_MAX_PARAMS];
} nac_describe;

typedef enum nac_mode {
  NAC_FAST,   /* float, the kernels of nac_kern */
  NAC_REF_F32, /* float, naive twins */
  NAC_REF_F64 /* double, naive twins */
} nac_mode;

/* One layer inside a plan, at work. Pointers are to row 0; elements are float,
 * or double in NAC_REF_F64. A row of input i has x_len[i] elements. */
typedef struct nac_step {
  const nac_layer *layer;
  nac_mode mode;
  int training;
  int blocked;       /* y, and x unless the kind is relayout, hold 16 samples side by side */
  int64_t batch;     /* rows of the whole batch */
  int64_t max_batch; /* most rows that the plan can take */
  const void *x[NAC_MAX_INPUTS];
  void *gx[NAC_MAX_INPUTS]; /* NULL where no gradient is wanted */
  int64_t x_len[NAC_MAX_INPUTS];
  const int64_t *x_dim[NAC_MAX_INPUTS];
  int x_rank[NAC_MAX_INPUTS];
  void *y;
  const void *gy;
  int64_t y_len;
  const void *p[NAC_MAX_PARAMS];
  void *gp[NAC_MAX_PARAMS]; /* zeroed by the plan; kinds add */
  void *buf[NAC_MAX_PARAMS];
  void *state; /* kind->state_size bytes that live from forward to backward */
  nac_rng rng; /* this layer's stream, set afresh for every batch */
  nac_error *failure; /* of the plan: a layer that can fail fills it, and runs no more once it is filled */
} nac_step;

typedef void nac_row_fn(nac_step *s, int64_t r0, int64_t r1);
typedef void nac_finish_fn(nac_step *s);

typedef struct nac_kind {
  const char *name;
  const nac_attr_spec *attrs; /* ends with a NULL name; NULL = none */
  int n_inputs;   /* the fewest, and where max_inputs is 0 the only number */
  int max_inputs; /* 0, or the most */
  int (*describe)(nac_describe *d, nac_error *err); /* NULL: shape unchanged, no parameters */
  nac_cost (*cost)(const nac_net *net, const nac_layer *layer);
  size_t (*state_size)(const nac_step *s); /* NULL: none */
  void (*prepare)(nac_step *s); /* before the first row of a batch, or of an evaluation */
  nac_row_fn *forward_reduce;  /* training only; the whole batch before ... */
  nac_finish_fn *forward_finish; /* ... this, before any row of forward; rows are not there */
  nac_row_fn *forward;
  nac_row_fn *backward_reduce; /* likewise */
  nac_finish_fn *backward_finish;
  nac_row_fn *backward;
  int (*lower)(nac_lower *l, const nac_layer *layer, nac_error *err); /* NULL: no integer form, see igraph/lower.h */
  const char *instead; /* what to do then, for the refusal */
  unsigned flags; /* NAC_NEEDS_X, ... */
} nac_kind;

#define NAC_NEEDS_X 1u  /* backward reads x */
#define NAC_NEEDS_Y 2u  /* backward reads y */
#define NAC_IN_PLACE 4u /* y may lie where input 0 lies (in training only if backward
                         * does not read x), and gx[0] where gy lies */
#define NAC_ALIAS 8u    /* y is x, gx is gy: forward and backward do nothing */
#define NAC_CHEAP 64u   /* forward is quicker than storing y for a whole batch; run twice on
                         * the same rows it gives the same y */

/* Layouts. Row-major is what every kind understands. In the blocked layout each
 * group of 16 rows holds element 0 of its 16 samples, then element 1, ...; rows
 * are then multiples of 16, of which those from s->batch on are padding (zeros
 * in the net's input and in the loss's gradient). */
#define NAC_PREFERS_BLOCKED 16u /* is much faster so */
#define NAC_FOLLOWS_BLOCKED 32u /* can do both; takes the layout of input 0 */

/** The kind of that name, or NULL. */
const nac_kind *nac_kind_find(const char *name);

/** The i-th kind's name, or NULL past the end. */
const char *nac_kind_name(int i);

/** The kind of a layer. */
const nac_kind *nac_layer_kind(const nac_layer *layer);

/** Value of an attribute of a layer by its place in kind->attrs. */
double nac_layer_attr(const nac_layer *layer, int i);

/** The integers of a list attribute; a single number is a list of one. */
const int64_t *nac_layer_list(const nac_layer *layer, int i, int *n);

/** Checks an axis of input 0 counted from 1 (negative: from the end, -1 the
 * last) and gives it counted from 0. Fails with the shape. */
int nac_describe_axis(const nac_describe *d, int64_t axis, int *out, nac_error *err);

/** The `describe` of kinds that take values of one shape and give another of it. */
int nac_describe_same_shapes(nac_describe *d, nac_error *err);

/** Address of row r of an array of `len` elements a row, in the step's type. */
static inline const void *nac_row(const nac_step *s, const void *base, int64_t r, int64_t len)
{
  const size_t size = s->mode == NAC_REF_F64 ? sizeof(double) : sizeof(float);
  return base == NULL ? NULL : (const char *)base + (size_t)(r * len) * size;
}
static inline void *nac_row_out(const nac_step *s, void *base, int64_t r, int64_t len)
{
  const size_t size = s->mode == NAC_REF_F64 ? sizeof(double) : sizeof(float);
  return base == NULL ? NULL : (char *)base + (size_t)(r * len) * size;
}

/** The naive twin of a kernel in the step's precision: NAC_TWIN(s, softmax)(...). */
#define NAC_TWIN(s, name) ((s)->mode == NAC_REF_F64 ? ref_##name##_f64 : ref_##name##_f32)

/** Cost of a kind that computes one thing an element. */
nac_cost nac_cost_elements(const nac_net *net, const nac_layer *layer, nac_cost_op op, const char *func);

/** Whether a scaling along `axis` (from 0; -1: by one constant) can be folded
 * into the layer before: a product with constants along that axis that nothing
 * else reads. */
int nac_cost_foldable(const nac_net *net, const nac_layer *layer, int axis);

#endif
