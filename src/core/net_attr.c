/* The attributes of a layer: checked against what its kind declares, and read back. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/net_impl.h"

#define MAX_WORD 32

/* Appends to a text of fixed room; what does not fit is left out. */
static void append(char *text, size_t room, const char *separator, const char *word)
{
  const size_t n = strlen(text);
  snprintf(text + n, room - n, "%s%s", n > 0 ? separator : "", word);
}

static int unknown(const nac_layer *layer, const char *name, nac_error *err)
{
  const nac_attr_spec *spec = layer->kind->attrs;
  char known[200] = "";
  for (; spec != NULL && spec->name != NULL; spec++) {
    append(known, sizeof known, ", ", spec->name);
  }
  return nac_fail(err, NAC_EINVAL, "unknown attribute '%s'; %s has %s", name, layer->kind->name,
                  known[0] != '\0' ? known : "none");
}

/* Insertions, deletions and exchanges between two words (Levenshtein 1966). */
static int distance(const char *a, const char *b)
{
  const int n = strlen(b) < MAX_WORD ? (int)strlen(b) : MAX_WORD;
  int row[MAX_WORD + 1];
  int i;
  int j;
  for (j = 0; j <= n; j++) {
    row[j] = j;
  }
  for (i = 0; a[i] != '\0'; i++) {
    int diagonal = row[0];
    row[0] = i + 1;
    for (j = 1; j <= n; j++) {
      const int exchange = diagonal + (a[i] != b[j - 1]);
      diagonal = row[j];
      row[j] = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
      row[j] = exchange < row[j] ? exchange : row[j];
    }
  }
  return row[n];
}

static int set_word(nac_layer *layer, int a, const char *word, nac_error *err)
{
  const nac_attr_spec *spec = &layer->kind->attrs[a];
  char allowed[200] = "";
  int nearest = 0;
  int w;
  for (w = 0; spec->words[w] != NULL; w++) {
    if (strcmp(spec->words[w], word) == 0) {
      layer->attr[a] = w;
      return NAC_OK;
    }
    append(allowed, sizeof allowed, ", ", spec->words[w]);
    nearest = distance(word, spec->words[w]) < distance(word, spec->words[nearest]) ? w : nearest;
  }
  return nac_fail(err, NAC_EINVAL, "attribute '%s' must be one of %s; got '%.40s', nearest: '%s'", spec->name,
                  allowed, word, spec->words[nearest]);
}

static int check_number(const nac_attr_spec *spec, double x, nac_error *err)
{
  const int whole = spec->type == NAC_INTEGER || spec->type == NAC_LIST;
  if (!(x >= spec->min && x <= spec->max) || (whole && x != floor(x))) {
    return nac_fail(err, NAC_EINVAL, "attribute '%s' must be %s from %.9g to %.9g, got %.9g", spec->name,
                    whole ? "an integer" : "a number", spec->min, spec->max, x);
  }
  return NAC_OK;
}

static int set_list(nac_layer *layer, int a, const nac_attr *given, nac_error *err)
{
  const int n = given->type == NAC_ATTR_LIST ? given->n_list : 1;
  const double *x = given->type == NAC_ATTR_LIST ? given->list : &given->number;
  int i;
  int code = n >= 1 ? NAC_OK : nac_fail(err, NAC_EINVAL, "attribute '%s' is an empty list", given->name);
  for (i = 0; code == NAC_OK && i < n; i++) {
    code = check_number(&layer->kind->attrs[a], x[i], err);
    layer->list[a][i] = code == NAC_OK ? (int64_t)x[i] : 0;
  }
  layer->n_list[a] = n;
  layer->attr[a] = n >= 1 ? x[0] : 0;
  return code;
}

/* One attribute as given. */
static int set(nac_layer *layer, int a, const nac_attr *given, nac_error *err)
{
  static const char *const what[] = {"a number", "a number", "true or false", "a word", "an integer or a list of integers"};
  const nac_attr_spec *spec = &layer->kind->attrs[a];
  const int fits = spec->type == NAC_WORD   ? given->type == NAC_ATTR_WORD
                   : spec->type == NAC_FLAG ? given->type == NAC_ATTR_BOOLEAN
                   : spec->type == NAC_LIST ? given->type == NAC_ATTR_NUMBER || given->type == NAC_ATTR_LIST
                                            : given->type == NAC_ATTR_NUMBER;
  int code;
  if (!fits) {
    return nac_fail(err, NAC_EINVAL, "attribute '%s' must be %s", spec->name, what[spec->type]);
  }
  switch (spec->type) {
  case NAC_WORD:
    return set_word(layer, a, given->word, err);
  case NAC_LIST:
    return set_list(layer, a, given, err);
  default:
    code = check_number(spec, given->number, err);
    layer->attr[a] = given->number;
    return code;
  }
}

int nac_layer_set_attrs(nac_layer *layer, const nac_attr *attrs, int n_attrs, nac_error *err)
{
  const nac_attr_spec *spec = layer->kind->attrs;
  int n;
  int i;
  int a;
  for (n = 0; spec != NULL && spec[n].name != NULL; n++) {
    layer->attr[n] = spec[n].otherwise;
    layer->n_list[n] = spec[n].type == NAC_LIST;
    layer->list[n][0] = spec[n].type == NAC_LIST && !isnan(spec[n].otherwise) ? (int64_t)spec[n].otherwise : 0;
  }
  for (i = 0; i < n_attrs; i++) {
    int code;
    for (a = 0; a < n && strcmp(spec[a].name, attrs[i].name) != 0; a++) {
    }
    code = a < n ? set(layer, a, &attrs[i], err) : unknown(layer, attrs[i].name, err);
    if (code != NAC_OK) {
      return code;
    }
  }
  for (a = 0; a < n; a++) {
    if (isnan(layer->attr[a])) {
      return nac_fail(err, NAC_EINVAL, "attribute '%s' is missing", spec[a].name);
    }
  }
  return NAC_OK;
}

const nac_kind *nac_layer_kind(const nac_layer *layer)
{
  return layer->kind;
}

double nac_layer_attr(const nac_layer *layer, int i)
{
  return layer->attr[i];
}

const int64_t *nac_layer_list(const nac_layer *layer, int i, int *n)
{
  *n = layer->n_list[i];
  return layer->list[i];
}

int nac_describe_axis(const nac_describe *d, int64_t axis, int *out, nac_error *err)
{
  const int rank = d->in_rank[0];
  const int64_t at = axis < 0 ? rank + axis : axis - 1;
  if (at < 0 || at >= rank) {
    char shape[96];
    nac_shape_text(shape, sizeof shape, rank, d->in_dim[0]);
    return nac_fail(err, NAC_ESHAPE, "axis %" PRId64 " of an input of shape %s: there are axes 1 to %d", axis, shape,
                    rank);
  }
  *out = (int)at;
  return NAC_OK;
}

int nac_describe_same_shapes(nac_describe *d, nac_error *err)
{
  if (d->in_rank[0] != d->in_rank[1] ||
      memcmp(d->in_dim[0], d->in_dim[1], (size_t)d->in_rank[0] * sizeof *d->in_dim[0]) != 0) {
    char a[96];
    char b[96];
    nac_shape_text(a, sizeof a, d->in_rank[0], d->in_dim[0]);
    nac_shape_text(b, sizeof b, d->in_rank[1], d->in_dim[1]);
    return nac_fail(err, NAC_ESHAPE, "needs two values of the same shape, got %s and %s", a, b);
  }
  return NAC_OK;
}

int nac_net_layer_attr(const nac_net *net, int layer, int i, nac_attr *out)
{
  const nac_layer *l = &net->layer[layer];
  const nac_attr_spec *spec = l->kind->attrs;
  int k;
  if (spec == NULL || spec[i].name == NULL) {
    return 0;
  }
  memset(out, 0, sizeof *out);
  out->name = spec[i].name;
  out->number = l->attr[i];
  switch (spec[i].type) {
  case NAC_FLAG:
    out->type = NAC_ATTR_BOOLEAN;
    break;
  case NAC_WORD:
    out->type = NAC_ATTR_WORD;
    out->word = spec[i].words[(int)l->attr[i]];
    break;
  case NAC_LIST:
    out->type = NAC_ATTR_LIST;
    out->n_list = l->n_list[i];
    for (k = 0; k < out->n_list; k++) {
      out->list[k] = (double)l->list[i][k];
    }
    break;
  default:
    out->type = NAC_ATTR_NUMBER;
    break;
  }
  return 1;
}
