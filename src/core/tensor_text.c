/* Tensors as text for people: aligned columns that fit a terminal, one number
 * format for all, the middle of large dimensions left out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/tensor_math.h"

#define LINE 80  /* columns of a terminal */
#define WIDEST 24 /* characters of a number */

typedef struct text {
  char *at;
  size_t length, room;
  int failed;
} text;

static void append(text *x, const char *more)
{
  size_t n = strlen(more);
  if (x->length + n + 1 > x->room) {
    size_t room = 2 * (x->length + n + 1) + 256;
    char *bigger = nac_realloc(x->at, room);
    if (bigger == NULL) {
      x->failed = 1;
      return;
    }
    x->at = bigger;
    x->room = room;
  }
  memcpy(x->at + x->length, more, n + 1);
  x->length += n;
}

/* How numbers are written and which positions are shown. */
typedef struct style {
  enum { WHOLE, FIXED, SCIENTIFIC } form;
  int digits;
  int width;
  int64_t head[NAC_MAX_RANK]; /* shown at the start of each dimension */
  int64_t tail[NAC_MAX_RANK]; /* and at its end */
} style;

static void write_number(char *to, const style *s, double v)
{
  if (isnan(v) || isinf(v)) {
    snprintf(to, WIDEST, "%s", isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
  } else if (s->form == SCIENTIFIC) {
    snprintf(to, WIDEST, "%.*e", s->digits, v);
  } else {
    snprintf(to, WIDEST, "%.*f", s->form == WHOLE ? 0 : s->digits, v);
  }
}

/* The next shown position after i of dimension d; jumps over the middle. */
static int64_t following(const style *s, const nac_tensor *t, int d, int64_t i)
{
  int64_t n = t->dim[d];
  return i + 1 == s->head[d] && n - s->tail[d] > i + 1 ? n - s->tail[d] : i + 1;
}

/* What the shown numbers are like. */
typedef struct range {
  double least, most; /* of the absolute values above 0 */
  int whole;
} range;

static void look(range *r, const style *s, const nac_tensor *t, int d, int64_t *index)
{
  if (d == t->rank) {
    double v = fabs(nac_tensor_get(t, index));
    if (isfinite(v)) {
      r->whole = r->whole && floor(v) == v;
      r->most = v > r->most ? v : r->most;
      r->least = v > 0 && v < r->least ? v : r->least;
    }
    return;
  }
  for (index[d] = 0; index[d] < t->dim[d]; index[d] = following(s, t, d, index[d])) {
    look(r, s, t, d + 1, index);
  }
}

static void measure(style *s, const nac_tensor *t, int d, int64_t *index)
{
  if (d == t->rank) {
    char number[WIDEST];
    int width;
    write_number(number, s, nac_tensor_get(t, index));
    width = (int)strlen(number);
    s->width = width > s->width ? width : s->width;
    return;
  }
  for (index[d] = 0; index[d] < t->dim[d]; index[d] = following(s, t, d, index[d])) {
    measure(s, t, d + 1, index);
  }
}

static void choose_style(style *s, const nac_tensor *t)
{
  range r = {INFINITY, 0, 1};
  int64_t index[NAC_MAX_RANK];
  int64_t fit;
  int d;
  s->width = 1;
  for (d = 0; d < t->rank; d++) {
    int last = d + 1 == t->rank;
    int matrix = d + 2 == t->rank;
    int64_t all = last ? 40 : matrix ? 20 : 4; /* shown in full up to here */
    s->head[d] = t->dim[d] <= all ? t->dim[d] : last ? 20 : matrix ? 8 : 2;
    s->tail[d] = t->dim[d] <= all ? 0 : s->head[d];
  }
  look(&r, s, t, 0, index);
  s->digits = 4;
  if (r.whole && r.most < 1e10) {
    s->form = WHOLE;
  } else if (r.most >= 1e5 || r.most < 1e-3) {
    s->form = SCIENTIFIC;
  } else {
    s->form = FIXED;
  }
  measure(s, t, 0, index);
  if (t->rank > 0) { /* as many columns as fit in a line */
    d = t->rank - 1;
    if (t->dim[d] * (s->width + 2) > LINE) {
      fit = (LINE - 4) / (s->width + 2);
      s->head[d] = fit / 2;
      s->tail[d] = fit - 1 - fit / 2;
    }
  }
}

static void write_row(text *x, const style *s, const nac_tensor *t, int64_t *index)
{
  int d = t->rank - 1;
  int64_t i = 0;
  while (i < t->dim[d]) {
    char number[WIDEST];
    char cell[2 * WIDEST];
    int64_t next = following(s, t, d, i);
    index[d] = i;
    write_number(number, s, nac_tensor_get(t, index));
    snprintf(cell, sizeof cell, "  %*s%s", s->width, number, next > i + 1 ? " ..." : "");
    append(x, cell);
    i = next;
  }
}

static void write_block(text *x, const style *s, const nac_tensor *t, int d, int64_t *index)
{
  int64_t next;
  int e;
  if (d + 1 == t->rank) {
    append(x, "\n");
    write_row(x, s, t, index);
    return;
  }
  if (d + 2 == t->rank && d > 0) { /* which matrix this is */
    append(x, "\n[");
    for (e = 0; e < d; e++) {
      char number[WIDEST];
      snprintf(number, sizeof number, "%lld, ", (long long)index[e] + 1);
      append(x, number);
    }
    append(x, "..]");
  }
  for (index[d] = 0; index[d] < t->dim[d]; index[d] = next) {
    next = following(s, t, d, index[d]);
    write_block(x, s, t, d + 1, index);
    if (next > index[d] + 1) {
      append(x, "\n  ...");
    }
  }
}

int nac_tensor_text(char **out, const nac_tensor *t, nac_error *err)
{
  text x = {NULL, 0, 0, 0};
  style s;
  int64_t index[NAC_MAX_RANK] = {0};
  char shape[NAC_SHAPE_TEXT];
  memset(&s, 0, sizeof s);
  nac_shape_text(shape, sizeof shape, t->rank, t->dim);
  append(&x, "tensor ");
  append(&x, shape);
  append(&x, " ");
  append(&x, nac_dtype_name(t->dtype));
  if (t->rank == 0) {
    char number[64];
    snprintf(number, sizeof number, ": %.7g", nac_tensor_get(t, index));
    append(&x, number);
  } else if (nac_tensor_numel(t) == 0) {
    append(&x, " (empty)");
  } else {
    choose_style(&s, t);
    write_block(&x, &s, t, 0, index);
  }
  if (x.failed) {
    nac_free(x.at);
    *out = NULL;
    return nac_fail(err, NAC_ENOMEM, "out of memory");
  }
  *out = x.at;
  return NAC_OK;
}
