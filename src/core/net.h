/**
 * The net: one description of a network as plain data, with many readers
 * (training plans, cost, estimators, back ends, checkpoints).
 *
 *   values      the edges: the input, every intermediate, the output. A value
 *               has a shape (of one sample) and, if quantised, a quantiser.
 *   parameters  named trained tensors, each with an optional mask and quantiser.
 *   buffers     statistics that are stored but neither trained nor decayed.
 *   layers      in topological order; each of a kind, with attributes, referring
 *               to values and parameters by id. Two layers may share a parameter.
 *
 * A net is described first (shapes are checked, nothing large is allocated) and
 * gets weights by nac_net_init. Ids count from 0.
 */
#ifndef NAC_NET_H
#define NAC_NET_H

#include <stdint.h>

#include "core/error.h"
#include "core/quant/quantiser.h"
#include "core/tensor.h"

typedef struct nac_net nac_net;

/** An attribute of a layer as its maker gives it. */
typedef struct nac_attr {
  const char *name;
  enum { NAC_ATTR_NUMBER, NAC_ATTR_BOOLEAN, NAC_ATTR_WORD, NAC_ATTR_LIST } type;
  int n_list;       /* LIST: how many */
  double number;    /* NUMBER; BOOLEAN as 0 or 1 */
  const char *word; /* WORD */
  double list[NAC_MAX_RANK];
} nac_attr;

typedef enum nac_role { NAC_PARAMETER, NAC_BUFFER } nac_role;

/** A new net without layers, for samples of the given shape (value 0). Every
 * dimension is at least 1. */
int nac_net_new(nac_net **out, int rank, const int64_t *dim, nac_error *err);

/** Frees the net. NULL is allowed. */
void nac_net_free(nac_net *net);

/** Adds a layer and gives the id of its output value, which becomes the net's
 * output. `name` NULL makes "<kind><number>"; `group` may be NULL; `share`, unless
 * NULL, names an earlier layer whose parameters this one uses too. Fails with
 * the layer's name and both shapes when they do not fit; the net is then as before. */
int nac_net_add(nac_net *net, const char *kind, const char *name, const char *group, const char *share,
                const nac_attr *attrs, int n_attrs, const int *inputs, int n_inputs, int *output, nac_error *err);

/** Allocates parameters and buffers and draws their initial values from
 * `seed`; each parameter has a stream of its own, so that adding a layer
 * changes no other. Fails when the machine cannot hold them. */
int nac_net_init(nac_net *net, uint64_t seed, nac_error *err);

/** A layer computed by the caller's own function (kind "opaque"). Arrays are of
 * `rows` samples; float, or double where is_double. */
typedef struct nac_call {
  int backward; /* 0: write y from x; 1: write gx from x, y and gy */
  int is_double;
  int64_t rows;
  const void *x;
  const void *gy; /* backward only */
  void *y;
  void *gx; /* backward only */
} nac_call;

typedef struct nac_callback {
  int (*run)(void *data, const nac_call *call, nac_error *err);
  void (*release)(void *data); /* called when the net is freed; or NULL */
  void *data;
} nac_callback;

/** Gives layer `layer`, of kind "opaque", its function. */
void nac_net_set_callback(nac_net *net, int layer, const nac_callback *callback);

/** Whether nac_net_init has run. */
int nac_net_is_built(const nac_net *net);

int nac_net_n_values(const nac_net *net);
int nac_net_n_layers(const nac_net *net);
int nac_net_n_tensors(const nac_net *net, nac_role role);

/** Elements of all parameters, or of all buffers. */
int64_t nac_net_n_elements(const nac_net *net, nac_role role);

/** Shape of one sample of a value; the result points into the net. */
int nac_net_value_shape(const nac_net *net, int value, const int64_t **dim);
int nac_net_output(const nac_net *net);

/** What a layer is. Pointers live as long as the net. */
typedef struct nac_layer_info {
  const char *name;
  const char *kind;
  const char *group; /* or NULL */
  int n_inputs;
  const int *inputs; /* value ids */
  int output;        /* value id */
  int n_params;
  const int *params; /* parameter ids */
  int n_buffers;
  const int *buffers; /* buffer ids */
} nac_layer_info;
nac_layer_info nac_net_layer(const nac_net *net, int layer);

/** The i-th attribute of a layer (defaults filled in). Returns 0 past the end. */
int nac_net_layer_attr(const nac_net *net, int layer, int i, nac_attr *out);

/** Name, shape and memory of a parameter or buffer; data is NULL before
 * nac_net_init. */
typedef struct nac_net_tensor {
  const char *name;
  int rank;
  const int64_t *dim;
  int64_t n;
  float *data;
  const uint8_t *mask; /* one byte an element, 0 = pruned; or NULL */
} nac_net_tensor;
nac_net_tensor nac_net_get(const nac_net *net, nac_role role, int id);

/** Where a quantiser sits: on a value (0 is the input) or on a parameter. */
typedef enum nac_place { NAC_ON_VALUE, NAC_ON_PARAMETER } nac_place;

/** Puts number formats on a value or a parameter, in place of what was there:
 * n = 1 format for all, as many as dimension `axis` (counted from 0) has, or,
 * with axis = -1, one an element. `scale` (n, or NULL) as in nac_quantiser. Plans and
 * trainers that were made before then fail; while one is at work, this does. */
int nac_net_set_quantiser(nac_net *net, nac_place place, int id, int64_t n, int axis, const nac_format *format,
                          const double *scale, nac_error *err);

/** Declares n trained steps for the quantiser that a place will have: a parameter "dense1.weight.step", "relu1.output.step"
 * or "input.step", which starts at 1, is trained, copied and stored as any other. Before nac_net_init; the layer is in the
 * net already. */
int nac_net_add_step(nac_net *net, nac_place place, int id, int64_t n, nac_error *err);

/** The quantiser of a place takes its steps from there from now on, of any size (`is_free`, for training) or rounded
 * to the nearest powers of two. Fails without a quantiser of as many formats as there are steps. */
int nac_net_learn_step(nac_net *net, nac_place place, int id, int is_free, nac_error *err);

/** Brings all formats up to date with learned steps. Plans do so whenever they load parameters. */
void nac_net_follow_steps(const nac_net *net);

/** Takes the quantiser of a value or a parameter away; likewise. */
int nac_net_clear_quantiser(nac_net *net, nac_place place, int id, nac_error *err);

/** The quantiser of a value or a parameter, or NULL. */
const nac_quantiser *nac_net_quantiser(const nac_net *net, nac_place place, int id);

/** Prunes: elements of a parameter whose byte in `keep` is 0 become zero and
 * stay so in training. NULL takes the mask away. */
int nac_net_set_mask(nac_net *net, int param, const uint8_t *keep, nac_error *err);

/** Copies all parameters and buffers to or from `state`, an array of
 * nac_net_state_size floats: to keep and restore the best epoch. */
int64_t nac_net_state_size(const nac_net *net);
void nac_net_save_state(const nac_net *net, float *state);
void nac_net_load_state(nac_net *net, const float *state);

/** The arithmetic of one layer, in terms that BOPs definitions and estimators
 * understand without knowing layer kinds. Counts are for one sample. */
typedef enum nac_cost_op {
  NAC_COST_NONE,          /* no arithmetic */
  NAC_COST_MATMUL_CONST,  /* sums of products with constants: dense, convolution */
  NAC_COST_MATMUL_VALUES, /* sums of products of two values */
  NAC_COST_MUL_VALUES,    /* one product of two values an element */
  NAC_COST_SCALE_CONST,   /* one multiply and one add an element: batchnorm, scale */
  NAC_COST_ADD,           /* additions: residual sums, averages, sums over a set */
  NAC_COST_MAX,           /* comparisons that select: max pooling, max over a set */
  NAC_COST_COMPARE,       /* one comparison an element: relu */
  NAC_COST_TABLE,         /* one table look-up an element: tanh, sigmoid */
  NAC_COST_SOFTMAX,       /* exponentials, their sum, a division, over rows */
  NAC_COST_LAYERNORM,     /* mean and variance of the sample's own rows, then scale */
  NAC_COST_OPAQUE         /* the user's own function: unknown */
} nac_cost_op;

typedef struct nac_cost {
  nac_cost_op op;
  const char *func;  /* the function's or reduction's name, or NULL */
  int64_t positions; /* MATMUL_*: output positions; SOFTMAX, LAYERNORM: rows */
  int64_t fan_in;    /* MATMUL_*: products a sum */
  int64_t fan_out;   /* MATMUL_* */
  int out_axis;      /* MATMUL_CONST: the axis of the output, from 0, that its fan_out lies along */
  int64_t elements;  /* ADD: additions, MAX: comparisons; the others: elements passed through */
  int weight;        /* MATMUL_CONST: parameter id, else -1 */
  int bias;          /* whether there is one */
  int foldable;      /* SCALE_CONST: can be folded into the layer before */
} nac_cost;
nac_cost nac_net_cost(const nac_net *net, int layer);

/** Elements of a parameter that are neither zero nor pruned; all of them before
 * nac_net_init. */
int64_t nac_net_nonzero(const nac_net *net, int param);

#endif
