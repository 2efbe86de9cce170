#include "core/quant/quantiser.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "kern/kern.h"

int nac_quantiser_new(nac_quantiser **out, int64_t n, int64_t inner, const nac_format *format, const double *scale,
                      nac_error *err)
{
  nac_quantiser *q;
  int64_t i;
  *out = NULL;
  if (n < 1 || inner < 1) {
    return nac_fail(err, NAC_EINVAL, "a quantiser has at least one format");
  }
  for (i = 0; i < n; i++) {
    if (scale != NULL && !(isfinite(scale[i]) && scale[i] > 0)) {
      return nac_fail(err, NAC_EINVAL, "a scale is a positive number, got %g", scale[i]);
    }
    if (nac_format_check(&format[i], err) != NAC_OK) {
      return NAC_EINVAL;
    }
  }
  q = nac_calloc(1, sizeof *q);
  if (q != NULL) {
    q->format = nac_malloc((size_t)n * sizeof *q->format);
    q->scale = scale != NULL ? nac_malloc((size_t)n * sizeof *q->scale) : NULL;
  }
  if (q == NULL || q->format == NULL || (scale != NULL && q->scale == NULL)) {
    nac_quantiser_free(q);
    return nac_fail(err, NAC_ENOMEM, "out of memory for a quantiser");
  }
  q->n = n;
  q->inner = inner;
  memcpy(q->format, format, (size_t)n * sizeof *format);
  if (scale != NULL) {
    memcpy(q->scale, scale, (size_t)n * sizeof *scale);
  }
  *out = q;
  return NAC_OK;
}

void nac_quantiser_free(nac_quantiser *q)
{
  if (q != NULL) {
    nac_free(q->format);
    nac_free(q->scale);
    nac_free(q);
  }
}

int nac_quantiser_learn(nac_quantiser *q, const float *steps, int is_free, nac_error *err)
{
  int64_t i;
  for (i = 0; i < q->n; i++) {
    if (q->format[i].overflow != NAC_SAT && q->format[i].overflow != NAC_SAT_SYM) {
      return nac_fail(err, NAC_EINVAL, "a learned step needs a format that saturates: overflow SAT or SAT_SYM, not %s",
                      nac_overflow_name((int)q->format[i].overflow));
    }
  }
  q->learned = steps;
  q->is_free = is_free;
  nac_quantiser_follow(q);
  return NAC_OK;
}

/* A step that training has brought to 0 or below counts by its size; none is so small that numbers leave float. */
static double learned_step(const nac_quantiser *q, int64_t i)
{
  return fmin(fmax(fabs((double)q->learned[i]), 0x1p-100), 0x1p100);
}

void nac_quantiser_follow(nac_quantiser *q)
{
  int64_t i;
  for (i = 0; q->learned != NULL && i < q->n; i++) {
    q->format[i].integer = q->format[i].width + (int)rint(log2(learned_step(q, i)));
  }
}

int nac_quantiser_is_scaled(const nac_quantiser *q)
{
  return q->scale != NULL || (q->learned != NULL && q->is_free);
}

double nac_quantiser_step(const nac_quantiser *q, int64_t i)
{
  if (q->learned != NULL && q->is_free) {
    return learned_step(q, i);
  }
  return q->scale != NULL ? q->scale[i] : nac_format_value(&q->format[i], 1);
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
                         .divide = nac_quantiser_is_scaled(q),
                         .lo = (float)nac_format_min(f),
                         .hi = (float)nac_format_max(f),
                         .rounding = (int)f->rounding};
  return k;
}

/* WRAP and SAT_ZERO are rare in training: exactly, as the format itself rounds. */
static int is_slow(const nac_quantiser *q, int64_t i)
{
  return q->format[i].overflow == NAC_WRAP || q->format[i].overflow == NAC_SAT_ZERO;
}

/* Float scales: integers of W bits in units of the scale. */
static nac_format integer_format(const nac_quantiser *q, int64_t i)
{
  nac_format f = q->format[i];
  if (nac_quantiser_is_scaled(q)) {
    f.integer = f.width;
  }
  return f;
}

static double one(const nac_quantiser *q, int64_t i, double x)
{
  const nac_format f = integer_format(q, i);
  const double unit = nac_quantiser_is_scaled(q) ? nac_quantiser_step(q, i) : 1.0;
  return nac_format_value(&f, nac_format_quantise(&f, x / unit, NULL)) * unit;
}

static void run_forward(const nac_quantiser *q, int64_t i, const float *x, float *y, int64_t n)
{
  const k_quantiser k = kernel_of(q, i);
  if (!is_slow(q, i)) {
    nac_kern->quantise(x, y, n, &k);
    return;
  }
  if (!nac_quantiser_is_scaled(q)) {
    nac_format_apply(&q->format[i], x, y, n);
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

/* d y / d step, summed, becomes the gradient of learned step i: as the step's sign is of no account (learned_step), its
 * gradient has that sign; the scale keeps steps and weights in balance (arXiv:1902.08153, section 2.2). */
static double step_gradient(const nac_quantiser *q, int64_t i, int64_t len, double sum)
{
  const double most = fmax(1, (double)nac_format_max(&q->format[i]));
  const double share = 1 / sqrt((double)len / (double)q->n * most);
  return (q->learned[i] < 0 ? -share : share) * sum / nac_quantiser_step(q, i);
}

void nac_quantiser_step_back(const nac_quantiser *q, const float *x, const float *y, const float *gy, float *gs,
                             int64_t rows, int64_t len, int lanes)
{
  const int64_t run = q->n == 1 ? len * lanes : q->inner * lanes; /* no sum crosses rows, however many come at once */
  int64_t at;
  for (at = 0; at < rows * len * lanes; at += run) {
    const int64_t i = at / run % q->n;
    const double sum = nac_kern->step_back(x + at, y + at, gy + at, run, (float)nac_quantiser_min(q, i),
                                           (float)nac_quantiser_max(q, i));
    gs[i] += (float)step_gradient(q, i, len, sum);
  }
}

void nac_quantiser_step_back_f64(const nac_quantiser *q, const double *x, const double *y, const double *gy, double *gs,
                                 int64_t rows, int64_t len)
{
  int64_t e;
  for (e = 0; e < rows * len; e++) {
    const int64_t i = e / q->inner % q->n;
    const int inside = x[e] >= nac_quantiser_min(q, i) && x[e] <= nac_quantiser_max(q, i);
    gs[i] += step_gradient(q, i, len, gy[e] * (y[e] - (inside ? x[e] : 0)));
  }
}
