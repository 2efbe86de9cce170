/* The matrix product. */
#include <limits.h>

#include "core/blas.h"
#include "core/tensor_math.h"
#include "kern/kern.h"

/* From this many multiply-adds on, opening OpenBLAS pays for doubles. */
#define BLAS_PAYS (INT64_C(1) << 22)

static int fits_blas(int64_t m, int64_t n, int64_t k)
{
  return m <= INT_MAX && n <= INT_MAX && k <= INT_MAX && k > 0 && (double)m * (double)n * (double)k >= BLAS_PAYS;
}

/* The one place where two matrices meet. */
static void product(nac_dtype dtype, int64_t m, int64_t n, int64_t k, const void *a, const void *b, void *c)
{
  if (dtype == NAC_F32) {
    nac_kern->gemm((long)m, (long)n, (long)k, a, (long)k, 1, b, (long)n, c, (long)n, K_ZERO, NULL);
  } else if (fits_blas(m, n, k) && nac_blas_open(NULL) == NAC_OK) {
    nac_blas_dgemm((int)m, (int)n, (int)k, a, b, c);
  } else {
    nac_kern->gemm_f64((long)m, (long)n, (long)k, a, b, c);
  }
}

/* A contiguous tensor of type `dtype`: a view of t where that is enough. */
static int prepare(nac_tensor **out, const nac_tensor *t, nac_dtype dtype, nac_error *err)
{
  return t->dtype == dtype ? nac_tensor_contiguous(out, t, err) : nac_tensor_convert(out, t, dtype, err);
}

/* The sizes of a product. */
typedef struct sizes {
  int64_t batch, m, n, k;
  int rank; /* of the result */
  int64_t dim[3];
} sizes;

static int find_sizes(sizes *s, const nac_tensor *a, const nac_tensor *b, nac_error *err)
{
  int64_t k_of_b;
  int ok = a->rank >= 1 && b->rank >= 1 && a->rank <= 3 && b->rank <= 3 && (b->rank < 3 || a->rank == 3) &&
           (a->rank < 3 || b->rank >= 2);
  if (ok) {
    s->batch = a->rank == 3 ? a->dim[0] : 1;
    s->m = a->rank == 1 ? 1 : a->dim[a->rank - 2];
    s->k = a->dim[a->rank - 1];
    k_of_b = b->dim[b->rank == 1 ? 0 : b->rank - 2];
    s->n = b->rank == 1 ? 1 : b->dim[b->rank - 1];
    ok = s->k == k_of_b && (b->rank < 3 || b->dim[0] == s->batch);
  }
  if (!ok) {
    char sa[NAC_SHAPE_TEXT];
    char sb[NAC_SHAPE_TEXT];
    nac_shape_text(sa, sizeof sa, a->rank, a->dim);
    nac_shape_text(sb, sizeof sb, b->rank, b->dim);
    return nac_fail(err, NAC_ESHAPE, "cannot multiply %s by %s as matrices", sa, sb);
  }
  s->rank = 0;
  if (a->rank == 3) {
    s->dim[s->rank++] = s->batch;
  }
  if (a->rank > 1) {
    s->dim[s->rank++] = s->m;
  }
  if (b->rank > 1) {
    s->dim[s->rank++] = s->n;
  }
  return NAC_OK;
}

static void multiply(const sizes *s, const nac_tensor *a, const nac_tensor *b, nac_tensor *c)
{
  int64_t size = (int64_t)nac_dtype_size(c->dtype);
  const char *pa = nac_tensor_data(a);
  const char *pb = nac_tensor_data(b);
  char *pc = nac_tensor_data(c);
  int64_t i;
  if (nac_tensor_numel(c) == 0) {
    return;
  }
  if (b->rank < 3) { /* one right side for all: a batch is only more rows */
    product(c->dtype, s->batch * s->m, s->n, s->k, pa, pb, pc);
    return;
  }
  for (i = 0; i < s->batch; i++) {
    product(c->dtype, s->m, s->n, s->k, pa + i * s->m * s->k * size, pb + i * s->k * s->n * size,
            pc + i * s->m * s->n * size);
  }
}

int nac_tensor_matmul(nac_tensor **out, const nac_tensor *a, const nac_tensor *b, nac_error *err)
{
  sizes s;
  nac_tensor *ca = NULL;
  nac_tensor *cb = NULL;
  nac_dtype dtype = a->dtype == NAC_F64 || b->dtype == NAC_F64 ? NAC_F64 : NAC_F32;
  int code = find_sizes(&s, a, b, err);
  *out = NULL;
  if (code == NAC_OK) {
    code = prepare(&ca, a, dtype, err);
  }
  if (code == NAC_OK) {
    code = prepare(&cb, b, dtype, err);
  }
  if (code == NAC_OK) {
    code = nac_tensor_new(out, dtype, s.rank, s.dim, err);
  }
  if (code == NAC_OK) {
    multiply(&s, ca, cb, *out);
  }
  nac_tensor_free(ca);
  nac_tensor_free(cb);
  return code;
}
