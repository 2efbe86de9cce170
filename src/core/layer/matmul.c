/* matmul: the product of two values (..., m, k) and (..., k, n), matrix by matrix;
 * transpose_a and transpose_b take (..., k, m) and (..., n, k). */
#include <stddef.h>
#include <string.h>

#include "core/igraph/lower.h"
#include "core/layer/kinds.h"
#include "core/net_impl.h"
#include "kern/kern.h"
#include "kern/ref/ref.h"

enum { TRANSPOSE_A, TRANSPOSE_B };

static const nac_attr_spec attrs[] = {
  {"transpose_a", NAC_FLAG, 0, 0, 1, NULL},
  {"transpose_b", NAC_FLAG, 0, 0, 1, NULL},
  {NULL, NAC_INTEGER, 0, 0, 0, NULL},
};

static int describe(nac_describe *d, nac_error *err)
{
  const int ta = nac_layer_attr(d->layer, TRANSPOSE_A) != 0;
  const int tb = nac_layer_attr(d->layer, TRANSPOSE_B) != 0;
  const int r = d->in_rank[0];
  const int64_t *a = d->in_dim[0];
  const int64_t *b = d->in_dim[1];
  if (r < 2 || d->in_rank[1] != r || memcmp(a, b, (size_t)(r - 2) * sizeof *a) != 0 ||
      a[ta ? r - 2 : r - 1] != b[tb ? r - 1 : r - 2]) {
    char text_a[96];
    char text_b[96];
    nac_shape_text(text_a, sizeof text_a, r, a);
    nac_shape_text(text_b, sizeof text_b, d->in_rank[1], b);
    return nac_fail(err, NAC_ESHAPE, "cannot multiply %s%s with %s%s: needs (..., m, k) and (..., k, n)", text_a,
                    ta ? " (transposed)" : "", text_b, tb ? " (transposed)" : "");
  }
  d->out_dim[r - 2] = a[ta ? r - 1 : r - 2];
  d->out_dim[r - 1] = b[tb ? r - 2 : r - 1];
  return NAC_OK;
}

/* One product: sizes, and whether the operands are stored transposed. */
typedef struct shape {
  int64_t m, k, n;
  int64_t count; /* matrices a sample */
  int ta, tb;
} shape;

static shape shape_of(const nac_layer *layer, int rank, const int64_t *a, int64_t n_out)
{
  shape f = {.ta = layer->attr[TRANSPOSE_A] != 0, .tb = layer->attr[TRANSPOSE_B] != 0, .count = 1};
  int i;
  for (i = 0; i < rank - 2; i++) {
    f.count *= a[i];
  }
  f.m = a[f.ta ? rank - 1 : rank - 2];
  f.k = a[f.ta ? rank - 2 : rank - 1];
  f.n = n_out / (f.count * f.m);
  return f;
}

static nac_cost cost(const nac_net *net, const nac_layer *layer)
{
  const nac_value *a = &net->value[layer->input[0]];
  const shape f = shape_of(layer, a->rank, a->dim, net->value[layer->output].n);
  nac_cost c = nac_cost_elements(net, layer, NAC_COST_MATMUL_VALUES, NULL);
  c.positions = f.count * f.m;
  c.fan_in = f.k;
  c.fan_out = f.n;
  return c;
}

static shape shape_of_step(const nac_step *s)
{
  return shape_of(s->layer, s->x_rank[0], s->x_dim[0], s->y_len);
}

/* Room for one operand turned round. */
static size_t state_size(const nac_step *s)
{
  const shape f = shape_of_step(s);
  int64_t most = f.m * f.k > f.k * f.n ? f.m * f.k : f.k * f.n;
  most = f.m * f.n > most ? f.m * f.n : most;
  return s->mode == NAC_FAST && !s->blocked ? (size_t)most * sizeof(float) : 0;
}

/* c (m,n) = a (m,k) b (k,n), each stored as it stands or transposed; c may be
 * wanted transposed. Rows: one matrix. */
static void product(const nac_step *s, const void *a, int ta, const void *b, int tb, void *c, int64_t m, int64_t n,
                    int64_t k)
{
  if (s->blocked) {
    const k_product p = {.m = m, .n = n, .k = k, .a_row = 16 * (ta ? 1 : k), .a_col = 16 * (ta ? m : 1),
                         .b_row = 16 * (tb ? 1 : n), .b_col = 16 * (tb ? k : 1), .y_row = 16 * n};
    nac_kern->product16(&p, a, b, c);
  } else if (s->mode == NAC_FAST) {
    if (tb) {
      nac_kern->transpose(b, s->state, n, k);
    }
    nac_kern->gemm(m, n, k, a, ta ? 1 : k, ta ? m : 1, tb ? s->state : b, n, c, n, K_ZERO, NULL);
  } else {
    NAC_TWIN(s, matmul)(a, ta ? 1 : k, ta ? m : 1, b, tb ? 1 : n, tb ? k : 1, c, m, n, k);
  }
}

/* Matrix i of an array of matrices of `len` elements, in rows from r0 on. */
static const void *matrix(const nac_step *s, const void *base, int64_t i, int64_t len)
{
  return nac_row(s, base, i * (s->blocked ? 16 : 1), len);
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  const shape f = shape_of_step(s);
  const int64_t side = s->blocked ? 16 : 1;
  int64_t i;
  for (i = r0 / side * f.count; i < r1 / side * f.count; i++) {
    product(s, matrix(s, s->x[0], i, f.m * f.k), f.ta, matrix(s, s->x[1], i, f.k * f.n), f.tb,
            nac_row_out(s, s->y, i * side, f.m * f.n), f.m, f.n, f.k);
  }
}

/* ga = gc b^T and gb = a^T gc; where an operand is stored transposed, so is its
 * gradient: (gc b^T)^T = b gc^T. */
static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  const shape f = shape_of_step(s);
  const int64_t side = s->blocked ? 16 : 1;
  int64_t i;
  for (i = r0 / side * f.count; i < r1 / side * f.count; i++) {
    const void *a = matrix(s, s->x[0], i, f.m * f.k);
    const void *b = matrix(s, s->x[1], i, f.k * f.n);
    const void *gc = matrix(s, s->gy, i, f.m * f.n);
    void *ga = nac_row_out(s, s->gx[0], i * side, f.m * f.k);
    void *gb = nac_row_out(s, s->gx[1], i * side, f.k * f.n);
    if (ga != NULL && f.ta) {
      product(s, b, f.tb, gc, 1, ga, f.k, f.m, f.n);
    } else if (ga != NULL) {
      product(s, gc, 0, b, !f.tb, ga, f.m, f.k, f.n);
    }
    if (gb != NULL && f.tb) {
      product(s, gc, 1, a, f.ta, gb, f.n, f.k, f.m);
    } else if (gb != NULL) {
      product(s, a, !f.ta, gc, 0, gb, f.k, f.n, f.m);
    }
  }
}

static int lower(nac_lower *l, const nac_layer *layer, nac_error *err)
{
  const nac_value *a = &l->net->value[layer->input[0]];
  const shape f = shape_of(layer, a->rank, a->dim, l->net->value[layer->output].n);
  const nac_imatrix m = {.count = f.count, .m = f.m, .k = f.k, .n = f.n, .ta = f.ta, .tb = f.tb};
  const int64_t *dim;
  const int rank = nac_lower_shape(l, layer, &dim);
  return nac_igraph_matmul(l->graph, layer->name, nac_lower_input(l, layer, 0), nac_lower_input(l, layer, 1), &m, rank,
                           dim, &l->result, err);
}

const nac_kind nac_layer_matmul = {
  .name = "matmul",
  .attrs = attrs,
  .n_inputs = 2,
  .describe = describe,
  .cost = cost,
  .state_size = state_size,
  .forward = forward,
  .backward = backward,
  .lower = lower,
  .flags = NAC_NEEDS_X | NAC_FOLLOWS_BLOCKED,
};
