#include "core/quant/format.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/kern.h"

static const char *const roundings[] = {"TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV", NULL};
static const char *const overflows_[] = {"WRAP", "SAT", "SAT_ZERO", "SAT_SYM", NULL};

static int find(const char *const *names, const char *name)
{
  int i;
  if (strncmp(name, "AP_", 3) == 0) {
    name += 3;
  }
  for (i = 0; names[i] != NULL; i++) {
    if (strcmp(names[i], name) == 0) {
      return i;
    }
  }
  return -1;
}

const char *nac_rounding_name(int rounding)
{
  return roundings[rounding];
}

const char *nac_overflow_name(int overflow)
{
  return overflows_[overflow];
}

int nac_rounding_find(const char *name)
{
  return find(roundings, name);
}

int nac_overflow_find(const char *name)
{
  return find(overflows_, name);
}

int nac_format_check(const nac_format *f, nac_error *err)
{
  if (f->width < 1 || f->width > 64) {
    return nac_fail(err, NAC_EINVAL, "a number has 1 to 64 bits, got %d", f->width);
  }
  if (f->integer < -1024 || f->integer > 1024) {
    return nac_fail(err, NAC_EINVAL, "-1024 to 1024 bits before the binary point expected, got %d", f->integer);
  }
  return NAC_OK;
}

static const char *skip(const char *p)
{
  while (isspace((unsigned char)*p)) {
    p++;
  }
  return p;
}

/* The next word or number of a template argument list, without its comma. */
static const char *argument(const char *p, char *word, size_t size)
{
  size_t n = 0;
  p = skip(p);
  while (*p != '\0' && *p != ',' && *p != '>' && !isspace((unsigned char)*p)) {
    if (n + 1 < size) {
      word[n++] = *p;
    }
    p++;
  }
  word[n] = '\0';
  p = skip(p);
  return *p == ',' ? p + 1 : p;
}

static int whole_number(const char *word, int *out)
{
  char *end;
  const long x = strtol(word, &end, 10);
  *out = (int)x;
  return word[0] != '\0' && *end == '\0' && x >= -100000 && x <= 100000;
}

int nac_format_parse(nac_format *f, const char *text, nac_error *err)
{
  char word[32];
  const char *p = skip(text);
  nac_format made = {.is_signed = 1, .rounding = NAC_TRN, .overflow = NAC_WRAP};
  int mode;
  const char *const hint = "ap_fixed<W,I>, ap_ufixed<W,I> or ap_fixed<W,I,Q,O> expected";
  if (strncmp(p, "ap_", 3) == 0) {
    p += 3;
  }
  if (*p == 'u') {
    made.is_signed = 0;
    p++;
  }
  if (strncmp(p, "fixed", 5) != 0 || *skip(p + 5) != '<') {
    return nac_fail(err, NAC_EINVAL, "'%.60s' is no number format; %s", text, hint);
  }
  p = argument(skip(p + 5) + 1, word, sizeof word);
  if (!whole_number(word, &made.width)) {
    return nac_fail(err, NAC_EINVAL, "'%.60s': '%s' is no number of bits; %s", text, word, hint);
  }
  p = argument(p, word, sizeof word);
  if (!whole_number(word, &made.integer)) {
    return nac_fail(err, NAC_EINVAL, "'%.60s': '%s' is no number of integer bits; %s", text, word, hint);
  }
  if (*p != '>' && *p != '\0') {
    p = argument(p, word, sizeof word);
    mode = nac_rounding_find(word);
    if (mode < 0) {
      return nac_fail(err, NAC_EINVAL, "'%.60s': unknown rounding '%s'; allowed: AP_TRN, AP_TRN_ZERO, AP_RND, "
                      "AP_RND_ZERO, AP_RND_INF, AP_RND_MIN_INF, AP_RND_CONV", text, word);
    }
    made.rounding = (nac_rounding)mode;
  }
  if (*p != '>' && *p != '\0') {
    p = argument(p, word, sizeof word);
    mode = nac_overflow_find(word);
    if (mode < 0) {
      return nac_fail(err, NAC_EINVAL, "'%.60s': unknown overflow '%s'; allowed: AP_WRAP, AP_SAT, AP_SAT_ZERO, "
                      "AP_SAT_SYM", text, word);
    }
    made.overflow = (nac_overflow)mode;
  }
  if (*p != '>' || *skip(p + 1) != '\0') {
    return nac_fail(err, NAC_EINVAL, "'%.60s' is no number format; %s", text, hint);
  }
  if (nac_format_check(&made, err) != NAC_OK) {
    return NAC_EINVAL;
  }
  *f = made;
  return NAC_OK;
}

void nac_format_text(const nac_format *f, char *text, size_t size)
{
  const char *const name = f->is_signed ? "ap_fixed" : "ap_ufixed";
  if (f->rounding == NAC_TRN && f->overflow == NAC_WRAP) {
    snprintf(text, size, "%s<%d,%d>", name, f->width, f->integer);
  } else {
    snprintf(text, size, "%s<%d,%d,AP_%s,AP_%s>", name, f->width, f->integer, roundings[f->rounding],
             overflows_[f->overflow]);
  }
}

nac_wide nac_format_max(const nac_format *f)
{
  return ((nac_wide)1 << (f->width - f->is_signed)) - 1;
}

nac_wide nac_format_min(const nac_format *f)
{
  if (!f->is_signed) {
    return 0;
  }
  return f->overflow == NAC_SAT_SYM ? -nac_format_max(f) : -nac_format_max(f) - 1;
}

/* floor(raw / 2^drop), then one more where the mode says so. drop > 0. */
static nac_wide drop_bits(nac_wide raw, int drop, nac_rounding mode)
{
  const nac_wide half = (nac_wide)1 << (drop - 1);
  const nac_wide down = raw >> drop; /* arithmetic: towards minus infinity */
  const nac_wide rest = raw - down * ((nac_wide)1 << drop);
  int up = 0;
  switch (mode) {
  case NAC_TRN:
    break;
  case NAC_TRN_ZERO:
    up = raw < 0 && rest != 0;
    break;
  case NAC_RND:
    up = rest >= half;
    break;
  case NAC_RND_ZERO:
    up = rest > half || (rest == half && raw < 0);
    break;
  case NAC_RND_INF:
    up = rest > half || (rest == half && raw >= 0);
    break;
  case NAC_RND_MIN_INF:
    up = rest > half;
    break;
  case NAC_RND_CONV:
    up = rest > half || (rest == half && (down & 1) != 0);
    break;
  }
  return down + up;
}

/* The low W bits as the format reads them. */
static nac_wide wrap(const nac_format *f, nac_wide q)
{
  const nac_wide span = (nac_wide)1 << f->width;
  q = q & (span - 1);
  return f->is_signed && q >= span / 2 ? q - span : q;
}

static nac_wide into_range(const nac_format *f, nac_wide q, int64_t *overflows)
{
  const nac_wide max = nac_format_max(f);
  const nac_wide min = nac_format_min(f);
  if (q >= min && q <= max) {
    return q;
  }
  if (overflows != NULL) {
    (*overflows)++;
  }
  switch (f->overflow) {
  case NAC_WRAP:
    return wrap(f, q);
  case NAC_SAT_ZERO:
    return 0;
  case NAC_SAT:
  case NAC_SAT_SYM:
    break;
  }
  return q > max ? max : min;
}

static int bits_of(nac_wide x)
{
  int n = 0;
  if (x < 0) {
    x = -x;
  }
  while (x != 0) {
    x >>= 1;
    n++;
  }
  return n;
}

nac_wide nac_format_convert(const nac_format *f, nac_wide raw, int fraction, int64_t *overflows)
{
  const int drop = fraction - (f->width - f->integer);
  if (raw == 0) {
    return 0;
  }
  if (drop > 0) { /* beyond 124 bits nothing but the sign and "less than half" is left */
    return into_range(f, drop_bits(raw, drop > 124 ? 124 : drop, f->rounding), overflows);
  }
  if (bits_of(raw) - drop <= 125) {
    return into_range(f, raw * ((nac_wide)1 << -drop), overflows);
  }
  if (overflows != NULL) { /* far out of range; below W bits there are only zeros, or the low bits of raw */
    (*overflows)++;
  }
  switch (f->overflow) {
  case NAC_WRAP:
    return -drop >= 64 ? 0 : wrap(f, (nac_wide)((uint64_t)raw << -drop));
  case NAC_SAT_ZERO:
    return 0;
  case NAC_SAT:
  case NAC_SAT_SYM:
    break;
  }
  return raw > 0 ? nac_format_max(f) : nac_format_min(f);
}

nac_wide nac_format_quantise(const nac_format *f, double x, int64_t *overflows)
{
  int exponent;
  double mantissa;
  if (!isfinite(x)) {
    if (overflows != NULL) {
      (*overflows)++;
    }
    if (isnan(x) || f->overflow == NAC_WRAP || f->overflow == NAC_SAT_ZERO) {
      return 0;
    }
    return x > 0 ? nac_format_max(f) : nac_format_min(f);
  }
  mantissa = frexp(x, &exponent); /* x = mantissa 2^exponent, 53 bits of mantissa */
  return nac_format_convert(f, (nac_wide)ldexp(mantissa, 53), 53 - exponent, overflows);
}

double nac_format_value(const nac_format *f, nac_wide raw)
{
  return ldexp((double)raw, f->integer - f->width);
}

/* Number by number, in integers. */
static int64_t apply_each(const nac_format *f, const float *x, float *y, int64_t n)
{
  int64_t overflows = 0;
  int64_t i;
  for (i = 0; i < n; i++) {
    y[i] = (float)nac_format_value(f, nac_format_quantise(f, (double)x[i], &overflows));
  }
  return overflows;
}

/* Whether floats hold every number of the format and every step on the way to it. Where one step is more than 1, numbers
 * next to 0 leave float's range when they are counted in steps: that is 0, but not to a rounding that always goes down. */
static int float_is_exact(const nac_format *f)
{
  const int step = f->integer - f->width;
  return f->width - f->is_signed <= 24 && step >= -100 && (step <= 0 || (step <= 100 && f->rounding != NAC_TRN));
}

int64_t nac_format_apply(const nac_format *f, const float *x, float *y, int64_t n)
{
  enum { BLOCK = 512 };
  const int keeps_sides = f->overflow == NAC_SAT || f->overflow == NAC_SAT_SYM;
  float block[BLOCK];
  int64_t overflows = 0;
  int64_t i;
  if (!float_is_exact(f)) {
    return apply_each(f, x, y, n);
  }
  const k_quantiser k = {.step = (float)nac_format_value(f, 1),
                         .lo = (float)nac_format_min(f),
                         .hi = (float)nac_format_max(f),
                         .rounding = (int)f->rounding};
  for (i = 0; i < n; i += BLOCK) { /* a block aside, as y may be x and the kernel gives up at NaNs */
    const int64_t len = n - i < BLOCK ? n - i : BLOCK;
    const int64_t out = nac_kern->to_format(x + i, block, (long)len, &k);
    if (out == 0 || (out > 0 && keeps_sides)) {
      memcpy(y + i, block, (size_t)len * sizeof *y);
      overflows += out;
    } else {
      overflows += apply_each(f, x + i, y + i, len);
    }
  }
  return overflows;
}
