#include "core/quant/quantiser.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "kern/kern.h"

int nac_quantiser_new(nac_quantiser **out, int64_t n, int64_t inner, const nac_format *format, double scale,
                      nac_error *err)
{
  nac_quantiser *q;
  int64_t i;
  *out = NULL;
  if (n < 1 || inner < 1) {
    return nac_fail(err, NAC_EINVAL, "a quantiser has at least one format");
  }
  if (!isfinite(scale) || scale < 0) {
    return nac_fail(err, NAC_EINVAL, "a scale is a positive number, got %g", scale);
  }
  for (i = 0; i < n; i++) {
    if (nac_format_check(&format[i], err) != NAC_OK) {
      return NAC_EINVAL;
    }
  }
  q = nac_calloc(1, sizeof *q);
  if (q != NULL) {
    q->format = nac_malloc((size_t)n * sizeof *q->format);
  }
  if (q == NULL || q->format == NULL) {
    nac_free(q);
    return nac_fail(err, NAC_ENOMEM, "out of memory for a quantiser");
  }
  q->n = n;
  q->inner = inner;
  q->scale = scale;
  memcpy(q->format, format, (size_t)n * sizeof *format);
  *out = q;
  return NAC_OK;
}

void nac_quantiser_free(nac_quantiser *q)
{
  if (q != NULL) {
    nac_free(q->format);
    nac_free(q);
  }
}

double nac_quantiser_step(const nac_quantiser *q, int64_t i)
{
  return q->scale > 0 ? q->scale : nac_format_value(&q->format[i], 1);
}

double nac_quantiser_min(const nac_quantiser *q, int64_t i)
{
  return (double)nac_format_min(&q->format[i]) * nac_quantiser_step(q, i);
}

double nac_quantiser_max(const nac_quantiser *q, int64_t i)
{
  return (double)nac_format_max(&q->format[i]) * nac_quantiser_step(q, i);
}

/* What the kernel needs of format i. Far steps (2^-200) are brought into
 * float's range: numbers of a net do not live there. */
static k_quantiser kernel_of(const nac_quantiser *q, int64_t i)
{
  const nac_format *f = &q->format[i];
  const double step = nac_quantiser_step(q, i);
  const k_quantiser k = {.step = (float)fmin(fmax(step, 0x1p-120), 0x1p120),
                         .divide = q->scale > 0,
                         .lo = (float)nac_format_min(f),
                         .hi = (float)nac_format_max(f),
                         .rounding = (int)f->rounding};
  return k;
}

/* WRAP and SAT_ZERO are rare in training: one element at a time, exactly. */
static int is_slow(const nac_quantiser *q, int64_t i)
{
  return q->format[i].overflow == NAC_WRAP || q->format[i].overflow == NAC_SAT_ZERO;
}

/* Float scales: integers of W bits in units of the scale. */
static nac_format integer_format(const nac_quantiser *q, int64_t i)
{
  nac_format f = q->format[i];
  if (q->scale > 0) {
    f.integer = f.width;
  }
  return f;
}

static double one(const nac_quantiser *q, int64_t i, double x)
{
  const nac_format f = integer_format(q, i);
  const double unit = q->scale > 0 ? q->scale : 1.0;
  return nac_format_value(&f, nac_format_quantise(&f, x / unit, NULL)) * unit;
}

static void run_forward(const nac_quantiser *q, int64_t i, const float *x, float *y, int64_t n)
{
  const k_quantiser k = kernel_of(q, i);
  if (!is_slow(q, i)) {
    nac_kern->quantise(x, y, n, &k);
    return;
  }
  for (int64_t e = 0; e < n; e++) {
    y[e] = (float)one(q, i, (double)x[e]);
  }
}

void nac_quantiser_apply(const nac_quantiser *q, const float *x, float *y, int64_t rows, int64_t len, int lanes)
{
  const int64_t run = q->inner * lanes;
  int64_t at;
  if (q->n == 1) {
    run_forward(q, 0, x, y, rows * len * lanes);
    return;
  }
  for (at = 0; at < rows * len * lanes; at += run) {
    run_forward(q, at / run % q->n, x + at, y + at, run);
  }
}

static void run_backward(const nac_quantiser *q, int64_t i, const float *x, const float *gy, float *gx, int64_t n)
{
  if (q->format[i].overflow == NAC_WRAP) {
    memmove(gx, gy, (size_t)n * sizeof *gx);
  } else {
    nac_kern->quantise_back(x, gy, gx, n, (float)nac_quantiser_min(q, i), (float)nac_quantiser_max(q, i));
  }
}

void nac_quantiser_back(const nac_quantiser *q, const float *x, const float *gy, float *gx, int64_t rows,
                        int64_t len, int lanes)
{
  const int64_t run = q->inner * lanes;
  int64_t at;
  if (q->n == 1) {
    run_backward(q, 0, x, gy, gx, rows * len * lanes);
    return;
  }
  for (at = 0; at < rows * len * lanes; at += run) {
    run_backward(q, at / run % q->n, x + at, gy + at, gx + at, run);
  }
}

void nac_quantiser_apply_f64(const nac_quantiser *q, const double *x, double *y, int64_t rows, int64_t len)
{
  int64_t e;
  for (e = 0; e < rows * len; e++) {
    y[e] = one(q, e / q->inner % q->n, x[e]);
  }
}

void nac_quantiser_back_f64(const nac_quantiser *q, const double *x, const double *gy, double *gx, int64_t rows,
                            int64_t len)
{
  int64_t e;
  for (e = 0; e < rows * len; e++) {
    const int64_t i = e / q->inner % q->n;
    const int passes = q->format[i].overflow == NAC_WRAP ||
                       (x[e] >= nac_quantiser_min(q, i) && x[e] <= nac_quantiser_max(q, i));
    gx[e] = passes ? gy[e] : 0.0;
  }
}
