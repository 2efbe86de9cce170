/* Tensors filled with a progression or with random numbers. */
#include <math.h>

#include "core/tensor_math.h"
#include "kern/k_tensor_convert.h"

#define CHUNK 512

/* What the next numbers are made from. */
typedef struct source {
  nac_rng *rng; /* NULL: a progression */
  int normal;
  double a, b; /* first and step; lo and hi; mean and sd */
  double grain; /* of uniform numbers: f32 would round some of 53 bits up to 1 */
} source;

static void draw(const source *s, int64_t from, int64_t m, double *x)
{
  int64_t i;
  if (s->rng == NULL) {
    for (i = 0; i < m; i++) {
      x[i] = s->a + (double)(from + i) * s->b;
    }
  } else if (s->normal) {
    for (i = 0; i < m; i++) {
      x[i] = s->a + s->b * nac_rng_normal(s->rng);
    }
  } else {
    for (i = 0; i < m; i++) {
      x[i] = s->a + (s->b - s->a) * (floor(nac_rng_uniform(s->rng) / s->grain) * s->grain);
    }
  }
}

/* t is contiguous. */
static int fill_from(nac_tensor *t, const source *s, nac_error *err)
{
  double x[CHUNK];
  int64_t n = nac_tensor_numel(t);
  char *y = nac_tensor_data(t);
  int64_t i;
  for (i = 0; i < n; i += CHUNK) {
    int64_t m = n - i < CHUNK ? n - i : CHUNK;
    int64_t stored;
    draw(s, i, m, x);
    stored = k_store_f64(t->dtype, m, x, y + i * (int64_t)nac_dtype_size(t->dtype), 1);
    if (stored < m) {
      return nac_fail(err, NAC_EINVAL, "%.17g does not fit in %s", x[stored], nac_dtype_name(t->dtype));
    }
  }
  return NAC_OK;
}

int nac_tensor_arange(nac_tensor **out, nac_dtype dtype, double first, double step, int64_t n, nac_error *err)
{
  source s = {NULL, 0, first, step, 0};
  int code = nac_tensor_new(out, dtype, 1, &n, err);
  if (code == NAC_OK) {
    code = fill_from(*out, &s, err);
  }
  if (code != NAC_OK) {
    nac_tensor_free(*out);
    *out = NULL;
  }
  return code;
}

int nac_tensor_fill_uniform(nac_tensor *t, nac_rng *rng, double lo, double hi, nac_error *err)
{
  source s = {rng, 0, lo, hi, t->dtype == NAC_F32 ? 0x1p-24 : 0x1p-53};
  return fill_from(t, &s, err);
}

int nac_tensor_fill_normal(nac_tensor *t, nac_rng *rng, double mean, double sd, nac_error *err)
{
  source s = {rng, 1, mean, sd, 0};
  return fill_from(t, &s, err);
}
