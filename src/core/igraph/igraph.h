/**
 * The integer graph: a quantised net as operations on integers, exactly as
 * hardware computes them. `lower` (lower.h) makes it from a net; `fixed`
 * (fixed.h) runs it; firmware back ends walk it operation by operation and know
 * no layer kinds.
 *
 *   values      tensors of integers, the raw values; a number is raw * 2^-fraction.
 *               All elements of a value share the binary point. Where their
 *               formats differ (per channel), the finest one's is taken.
 *   operations  in topological order, each with one output value. Every input is
 *               first shifted left by `shift` bits, so that binary points agree.
 *
 * Each element has an interval that its raw value never leaves, derived from the
 * formats of the inputs and from the real weights; each operation has a `reach`
 * that no sum inside it exceeds in magnitude, whatever the order of adding up.
 */
#ifndef NAC_IGRAPH_H
#define NAC_IGRAPH_H

#include <stdint.h>

#include "core/error.h"
#include "core/net.h"
#include "core/quant/quantiser.h"
#include "core/tensor.h"

#define NAC_IOP_INPUTS 4
#define NAC_ITABLE_BITS 16   /* a table has at most 2^16 entries */
#define NAC_ICONST_BITS 18   /* constants that are no parameters: signed, as DSP blocks multiply */
#define NAC_IEXP_FRACTION 17 /* bits after the point of exp(-d), exp(0) = 2^17, and of logarithms */
#define NAC_ILEADING 10      /* bits after a sum's leading one that choose its reciprocal, logarithm or root */
#define NAC_IMOST_BITS 118   /* what sums may reach */

/* Types that an operation or the elements of a value need. */
typedef enum nac_itype { NAC_INT32, NAC_INT64, NAC_INT128 } nac_itype;

typedef enum nac_iop_kind {
  NAC_IOP_INPUT,        /* floats, standardised first where `ready` says so, rounded to raw values */
  NAC_IOP_MATMUL_CONST, /* y (outer,out) = x (outer,in) w^T + offset; in = n, out = inner; w (out,in) */
  NAC_IOP_CONV_CONST,   /* window: w (o, c / groups, kh, kw), offset (o) */
  NAC_IOP_MATMUL,       /* matrix: products of two values */
  NAC_IOP_ADD,          /* two values */
  NAC_IOP_MUL,          /* two values, element by element */
  NAC_IOP_SCALE,        /* y[e] = w[i] x[e] + offset[i], i = e / inner % n_weights */
  NAC_IOP_REQUANTISE,   /* to the output's formats: rounding and overflow as they say */
  NAC_IOP_CLAMP,        /* into [lo, hi]; relu is lo = 0 without hi */
  NAC_IOP_MAX,          /* of two values, element by element */
  NAC_IOP_REDUCE,       /* `how` along n of (outer,n,inner) */
  NAC_IOP_WINDOW,       /* `how` over windows of each channel; nothing beyond the edges counts */
  NAC_IOP_TABLE,        /* y = table[x - table_first] */
  NAC_IOP_SOFTMAX,      /* along n of (outer,n,inner), see nac_igraph_softmax */
  NAC_IOP_LOG_SOFTMAX,  /* likewise, see nac_igraph_log_softmax */
  NAC_IOP_NORMALISE,    /* to mean 0 and variance 1 along n of (outer,n,inner), see nac_igraph_normalise */
  NAC_IOP_RESHAPE,      /* the same elements in another shape */
  NAC_IOP_PERMUTE,      /* axis i of y is axis order[i] of x, from 0 */
  NAC_IOP_SLICE,        /* y = share elements from `first` on, of every n */
  NAC_IOP_CONCAT        /* joined along an axis; `outer` copies of each input's share */
} nac_iop_kind;

typedef enum nac_ihow { NAC_ISUM, NAC_IMAX } nac_ihow;

/* Convolutions and pools over (c, h, w); kernel elements that fall outside count for nothing. */
typedef struct nac_iwindow {
  int64_t c, h, w, o, oh, ow, kh, kw, sh, sw, dh, dw, top, left, groups;
} nac_iwindow;

/* `count` products (m,k) (k,n), operands stored as they stand or transposed. */
typedef struct nac_imatrix {
  int64_t count, m, k, n;
  int ta, tb;
} nac_imatrix;

typedef struct nac_ivalue {
  int rank;
  int64_t dim[NAC_MAX_RANK]; /* of one sample */
  int64_t n;
  int fraction;
  nac_wide *lo; /* (n) intervals of the raw values */
  nac_wide *hi;
  nac_wide min; /* over all elements */
  nac_wide max;
  nac_itype type;
  nac_quantiser *q; /* what it was rounded to; NULL: an exact result */
  int producer;     /* operation */
} nac_ivalue;

typedef struct nac_iop {
  nac_iop_kind kind;
  char *layer; /* name of the net's layer that it comes from; "input" */
  int n_inputs;
  int input[NAC_IOP_INPUTS];
  int shift[NAC_IOP_INPUTS];
  int output;
  nac_itype type;
  nac_wide reach;
  int is_exact; /* 0: a constant or a table in it is rounded */
  double error; /* ... by at most so much in the result (tables), or in a constant, relatively (SCALE) */
  nac_ihow how;
  int64_t outer, n, inner;
  nac_iwindow window;
  nac_imatrix matrix;
  int order[NAC_MAX_RANK];       /* PERMUTE, of `outer` axes */
  int64_t dim[NAC_MAX_RANK];     /* PERMUTE: the output's */
  int64_t stride[NAC_MAX_RANK];  /* PERMUTE: how far neighbours along axis i of y lie apart in x */
  int64_t first;                 /* SLICE */
  int64_t share[NAC_IOP_INPUTS]; /* SLICE, CONCAT: elements that each of `outer` copies takes from an input */
  nac_wide lo, hi;
  int64_t channels; /* outputs with weights of their own */
  int64_t n_weights;
  int64_t *weight; /* raw; number = raw * 2^-weight_fraction */
  int weight_fraction;
  int64_t n_offsets;
  nac_wide *offset; /* with the output's binary point */
  int64_t table_first;
  int64_t n_table;
  int64_t *table;        /* raw outputs; SOFTMAX, LOG_SOFTMAX: exp(-d), unsigned, NAC_IEXP_FRACTION */
  uint8_t *table_over;   /* TABLE: 1 where the entry was out of range */
  int64_t n_ready;       /* INPUT: features that are standardised on the way in, not by hardware; or 0 */
  float *ready;          /* (n_ready) offsets, then scales; feature e / inner % n_ready */
  int64_t n_chosen;
  int64_t *chosen; /* what the bits after a sum's leading one choose, times 2^17: with m = (i + 1/2) / 2^NAC_ILEADING
                      SOFTMAX 1 / (1 + m), LOG_SOFTMAX log(1 + m), NORMALISE see there */
  int up;          /* LOG_SOFTMAX: bits that distances move left; NORMALISE: that the sum of squares does */
  int drop;        /* NORMALISE: bits that products lose, and half the sum's leading bit more */
  nac_wide eps;    /* NORMALISE: added to the sum of squares */
} nac_iop;

typedef struct nac_igraph nac_igraph;

/** The integer graph of a built net. Needed is a number format on the net's input (or on what a
 * standardize layer makes of it) and on every parameter. A value without a format keeps its exact
 * result, where it has one. A last softmax, log_softmax or sigmoid without a format is left out: the
 * graph gives the logits. `input` (or NULL) is the format that the net's input arrives in, in raw units: rounding
 * to the net's own format and standardize layers are then operations like others; without it
 * a standardize layer in front is done in float on the way in. Fails, naming layer or parameter, on a missing format, on scales that are no
 * powers of two, and on kinds that have no integer form. The graph keeps no link to the net. */
int nac_lower_net(nac_igraph **out, const nac_net *net, const nac_format *input, nac_error *err);

/** An empty graph. */
int nac_igraph_new(nac_igraph **out, nac_error *err);
void nac_igraph_free(nac_igraph *g);

/* --- Reading ------------------------------------------------------------- */
int nac_igraph_n_values(const nac_igraph *g);
int nac_igraph_n_ops(const nac_igraph *g);
const nac_ivalue *nac_igraph_value(const nac_igraph *g, int value);
const nac_iop *nac_igraph_op(const nac_igraph *g, int op);
int nac_igraph_output(const nac_igraph *g);

/** "matmul_const", "requantise", ... */
const char *nac_iop_name(nac_iop_kind kind);

/** Bits that hold every integer in [lo, hi], the sign among them if lo < 0; at least 1. */
int nac_ibits(nac_wide lo, nac_wide hi);

/** Whether float arithmetic with `digits` bits of mantissa (24, or 53 for double)
 * gives the operation's result exactly: reach below 2^digits in units of the last bit
 * (then sums are exact in any order), no rounded constant or table. */
int nac_iop_is_exact_in_float(const nac_igraph *g, const nac_iop *op, int digits);

/* --- Making (used by `lower` of the layer kinds) --------------------------
 * Each appends an operation, works out the intervals of its output and gives the
 * value's id in *out. They fail when memory runs out or a sum may pass
 * 2^NAC_IMOST_BITS. */

/** The net's input, of that shape, rounded to the formats of q; first standardised to
 * (x - offset) scale, n features, where offset is not NULL. */
int nac_igraph_input(nac_igraph *g, int rank, const int64_t *dim, const nac_quantiser *q, int64_t n, int64_t inner,
                     const float *offset, const float *scale, int *out, nac_error *err);

/** Constants of a product: raw numbers and an offset for each output channel (NULL: none), each with
 * its own binary point. */
typedef struct nac_iconst {
  int64_t *weight;
  int64_t n_weights;
  int weight_fraction;
  int64_t *offset;
  int64_t n_offsets;
  int offset_fraction;
} nac_iconst;

int nac_igraph_matmul_const(nac_igraph *g, const char *layer, int x, int64_t units, const nac_iconst *c, int *out,
                            nac_error *err);
int nac_igraph_conv_const(nac_igraph *g, const char *layer, int x, const nac_iwindow *w, const nac_iconst *c,
                          int rank, const int64_t *dim, int *out, nac_error *err);
int nac_igraph_matmul(nac_igraph *g, const char *layer, int a, int b, const nac_imatrix *m, int rank,
                      const int64_t *dim, int *out, nac_error *err);
int nac_igraph_add(nac_igraph *g, const char *layer, int a, int b, int *out, nac_error *err);
int nac_igraph_mul(nac_igraph *g, const char *layer, int a, int b, int *out, nac_error *err);
int nac_igraph_max(nac_igraph *g, const char *layer, int a, int b, int *out, nac_error *err);

/** y[e] = scale[i] x[e] + offset[i], i = e / inner % n; offset may be NULL. Constants are rounded to
 * NAC_ICONST_BITS bits with one binary point; `given` says that the float net computes with
 * these very constants (else the operation never counts as exact). */
int nac_igraph_scale(nac_igraph *g, const char *layer, int x, int64_t n, int64_t inner, const double *scale,
                     const double *offset, int given, int *out, nac_error *err);

/** The same for channels whose units differ (raw inputs): each constant keeps NAC_ICONST_BITS significant
 * bits, the binary point is as low as the least of them wants it, up to 24 bits below the
 * greatest's and no further than 60 bits of product allow. */
int nac_igraph_standardise(nac_igraph *g, const char *layer, int x, int64_t n, int64_t inner, const double *scale,
                           const double *offset, int *out, nac_error *err);

/** The same with constants that are given exactly, c->n_weights of them. */
int nac_igraph_affine(nac_igraph *g, const char *layer, int x, int64_t inner, const nac_iconst *c, int *out,
                      nac_error *err);

int nac_igraph_requantise(nac_igraph *g, const char *layer, int x, const nac_quantiser *q, int *out, nac_error *err);

/** Into [lo, hi], numbers that are multiples of 1 or infinite. */
int nac_igraph_clamp(nac_igraph *g, const char *layer, int x, double lo, double hi, int *out, nac_error *err);

/** Along axis (from 0); the axis goes unless `rank` and `dim` say otherwise. */
int nac_igraph_reduce(nac_igraph *g, const char *layer, int x, nac_ihow how, int64_t outer, int64_t n, int64_t inner,
                      int rank, const int64_t *dim, int *out, nac_error *err);
int nac_igraph_window(nac_igraph *g, const char *layer, int x, nac_ihow how, const nac_iwindow *w, int rank,
                      const int64_t *dim, int *out, nac_error *err);

/** y = the number of q nearest to f(x, a), for every raw value of x; f is a ref_func (kern/ref/ref.h).
 * Fails where x has more than NAC_ITABLE_BITS bits or q more than one format. */
int nac_igraph_table(nac_igraph *g, const char *layer, int x, int f, double a, const nac_quantiser *q, int *out,
                     nac_error *err);

/** Softmax as hardware has it: d = max - x chooses exp(-d) from a table; the exponentials are added; the
 * sum's leading one and the NAC_ILEADING bits after it choose its reciprocal; product rounded to
 * q. Fails where x has more than 12 bits after the point, or q more than one format. */
int nac_igraph_softmax(nac_igraph *g, const char *layer, int x, int64_t outer, int64_t n, int64_t inner,
                       const nac_quantiser *q, int *out, nac_error *err);

/** log softmax: with d = max - x and the sum S of exp(-d) as in softmax, y = -d - log S with NAC_IEXP_FRACTION bits
 * after the point, where log S = (leading bit) log 2 + log(1 + m), m from the NAC_ILEADING bits after the leading
 * one. The same limits on x. */
int nac_igraph_log_softmax(nac_igraph *g, const char *layer, int x, int64_t outer, int64_t n, int64_t inner, int *out,
                           nac_error *err);

/** y = (x - mean) / sqrt(var + eps) along n of (outer,n,inner), a number of NAC_ICONST_BITS bits that holds sqrt(n - 1),
 * the most there can be. No division: c = n x - sum x is exact; V = 2^up sum c^2 + 2^up n^3 eps (at least 1, so
 * that equal numbers give 0); V = 2^(2h + p) (1 + m); y = c chosen[p 2^NAC_ILEADING + leading bits of m] 2^-(17 + h - k -
 * up / 2), chosen[] = 2^17 2^-k sqrt(n / (2^p (1 + m))), 4^k <= n, rounded to the nearest, halves to even. `up` is such that
 * a rounded eps changes V by less than 2^-13. */
int nac_igraph_normalise(nac_igraph *g, const char *layer, int x, double eps, int64_t outer, int64_t n, int64_t inner,
                         int *out, nac_error *err);

int nac_igraph_reshape(nac_igraph *g, const char *layer, int x, int rank, const int64_t *dim, int *out,
                       nac_error *err);
int nac_igraph_permute(nac_igraph *g, const char *layer, int x, const int *order, int *out, nac_error *err);
int nac_igraph_slice(nac_igraph *g, const char *layer, int x, int axis, int64_t first, int64_t count, int *out,
                     nac_error *err);
int nac_igraph_concat(nac_igraph *g, const char *layer, int n, const int *x, int axis, int *out, nac_error *err);

/** Whether a value is already rounded by an operation of that layer (a table). */
int nac_igraph_is_rounded(const nac_igraph *g, int value, const char *layer);

/** Which value the graph gives. */
void nac_igraph_set_output(nac_igraph *g, int value);

#endif
