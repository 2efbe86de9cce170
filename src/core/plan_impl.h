/* Layout of a plan. Private to src/core. */
#ifndef NAC_PLAN_IMPL_H
#define NAC_PLAN_IMPL_H

#include "core/net_impl.h"
#include "core/plan.h"

/* One entry of a plan's program. */
typedef struct nac_op {
  enum { OP_RUN, OP_REDUCE, OP_AGAIN, OP_COPY, OP_ADD } what;
  int step;        /* RUN, REDUCE, AGAIN (forward in any program): layer id */
  const void *src; /* COPY, ADD: whole rows from src to dst */
  void *dst;
  int64_t len; /* COPY, ADD: elements a row */
  int blocked; /* COPY, ADD: the rows are in the blocked layout */
} nac_op;

/* Ops [first, last) run piece by piece; then `finish` (a layer id, or -1). */
typedef struct nac_segment {
  int first;
  int last;
  int finish;
} nac_segment;

typedef struct nac_program {
  nac_op *op;
  int n_ops;
  nac_segment *segment;
  int n_segments;
  int *segment_of; /* by layer: the segment of its last op */
} nac_program;

/* A stretch of memory and when it is in use: from segment `from` to `to`, both
 * included, counted through the forward and then the backward program. */
typedef struct nac_span {
  int64_t bytes;
  int from;
  int to;
  int64_t offset; /* result */
} nac_span;

/** Gives each span an offset such that spans alive at the same time do not
 * overlap; returns the bytes needed. Greedy, largest first (Pisarchyk & Lee
 * 2020, "Efficient memory management for deep neural net inference"). */
int64_t nac_arena_layout(nac_span *span, int n);

/* The plan's own version of the net: the same layers, and between them those
 * that change the layout. Parameters stay with the net. */
typedef struct nac_graph {
  nac_value *value;
  int n_values;
  char *blocked; /* by value: 16 samples side by side, see kern/k_conv_body.h */
  nac_layer *layer;
  int *norm; /* by layer: the net's batchnorm layer folded into it, or -1 */
  int n_layers;
  int output;
} nac_graph;

/* A pointer of a step or op to an array of one piece. As rows are counted from
 * the batch's first, it stands r0 rows before the array while the piece from row
 * r0 is at work. */
typedef struct nac_follower {
  void *pointer; /* to a void * or const void * */
  char *array;
  int64_t row; /* bytes */
} nac_follower;

struct nac_plan {
  nac_net *net;
  nac_graph g;
  nac_mode mode;
  nac_plan_options o;
  size_t element; /* bytes of an element */
  nac_step *step; /* by layer */
  nac_program forward;
  nac_program backward;
  int *act_of;  /* by value: the value in whose memory it lies */
  int *grad_of; /* likewise for gradients; -1 = none wanted */
  char *again;  /* by value: made again wherever it is read, see plan_again.c */
  void **act;   /* by value: memory */
  void **grad;
  void **tmp; /* by value with several readers: room for more gradients */
  char *arena;  /* values for all rows */
  int64_t arena_bytes;
  char *pieces; /* values for the rows of the piece at hand */
  int64_t pieces_bytes;
  nac_follower *follower;
  int n_followers;
  int64_t following; /* first row of the piece that they stand at */
  const void ***reader; /* the steps' pointers to the net's input */
  int n_readers;
  float **folded; /* by layer: weights, then biases, with a batchnorm folded in; or NULL */
  float *g32;    /* gradients of all parameters */
  double *g64;   /* the same in double mode */
  float *q32;    /* the parameters, the quantised ones rounded; or NULL */
  double *w64;   /* parameters in double mode */
  double *b64;   /* buffers in double mode */
  double *x64;   /* room for a parameter in double mode */
  uint64_t quantised; /* the net's count of it when the plan was made */
  nac_error failure; /* of an opaque layer, since the last forward pass began */
  double *seconds; /* (layers, 2): forward and backward, when profiled; or NULL */
  int head;      /* graph layer that is the net's last one; -1 where it was folded away */
  int logits;    /* graph value before a final softmax or sigmoid, else the output */
};

/** Bytes of a value for the rows of a piece. */
int64_t nac_plan_bytes_of_piece(const nac_plan *plan, int value);

/** Copies the net's layers, deciding each one's layout (plan_graph.c). */
int nac_plan_make_graph(nac_plan *plan, nac_error *err);
void nac_plan_free_graph(nac_plan *plan);

/** Gives a step whose layer has a batchnorm folded into it weights of its own,
 * and fills them from the net's present ones (plan_fold.c). */
int nac_plan_new_fold(nac_plan *plan, int layer, nac_error *err);
void nac_plan_fold(nac_plan *plan, int layer);

/** Builds the programs (plan_program.c) and the memory (plan_memory.c). */
int nac_plan_compile(nac_plan *plan, nac_error *err);
int nac_plan_allocate(nac_plan *plan, nac_error *err);

/** Decides which values are made again where they are read, given when each
 * would be alive; and puts the ops into a program that do so (plan_again.c). */
void nac_plan_choose_again(nac_plan *plan, const nac_span *whole);
int nac_plan_insert_again(nac_plan *plan, nac_program *p, int forward, nac_error *err);

/** Lists the pointers that follow the pieces, once all pointers are set. */
int nac_plan_find_followers(nac_plan *plan, nac_error *err);

/** Runs a program on the first n rows; ops of layers from `skip` on are left
 * out. */
void nac_plan_run(nac_plan *plan, const nac_program *p, int forward, int64_t n, int skip);

#endif
