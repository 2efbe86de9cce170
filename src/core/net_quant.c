/* Quantisers and masks of a net. */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/net_impl.h"

/* The place's quantiser, name and shape. */
static nac_quantiser **slot(nac_net *net, nac_place place, int id, int *rank, const int64_t **dim)
{
  if (place == NAC_ON_VALUE) {
    *rank = net->value[id].rank;
    *dim = net->value[id].dim;
    return &net->value[id].q;
  }
  *rank = net->tensor[NAC_PARAMETER][id].rank;
  *dim = net->tensor[NAC_PARAMETER][id].dim;
  return &net->tensor[NAC_PARAMETER][id].q;
}

/* Plans point to the quantisers of their net: those at work forbid a change,
 * others notice it when they are run next (plan.c). */
static int may_change(nac_net *net, nac_error *err)
{
  if (net->running > 0) {
    return nac_fail(err, NAC_EINVAL, "the net is at work: its quantisers cannot change");
  }
  net->quantised++;
  return NAC_OK;
}

int nac_net_set_quantiser(nac_net *net, nac_place place, int id, int64_t n, int axis, const nac_format *format,
                          const double *scale, nac_error *err)
{
  const int count = place == NAC_ON_VALUE ? net->n_values : net->n_tensors[NAC_PARAMETER];
  nac_quantiser **q;
  nac_quantiser *made;
  const int64_t *dim;
  int64_t inner = 1;
  int64_t want = 1;
  int rank;
  int i;
  if (id < 0 || id >= count) {
    return nac_fail(err, NAC_EINVAL, "the net has no %s %d", place == NAC_ON_VALUE ? "value" : "parameter", id);
  }
  q = slot(net, place, id, &rank, &dim);
  if (axis < -1 || axis >= rank) {
    return nac_fail(err, NAC_EINVAL, "there is no dimension %d to quantise along", axis + 1);
  }
  for (i = 0; i < rank; i++) {
    want *= axis == -1 || i == axis ? dim[i] : 1;
    inner *= axis >= 0 && i > axis ? dim[i] : 1;
  }
  if (n != 1 && n != want) {
    return nac_fail(err, NAC_EINVAL, "%lld formats, but 1 or %lld are needed", (long long)n, (long long)want);
  }
  if (nac_quantiser_new(&made, n, inner, format, scale, err) != NAC_OK) {
    return err != NULL ? err->code : NAC_EINVAL;
  }
  if (may_change(net, err) != NAC_OK) {
    nac_quantiser_free(made);
    return NAC_EINVAL;
  }
  nac_quantiser_free(*q);
  *q = made;
  return NAC_OK;
}

/* The place's parameter of steps, plus one. */
static int *step_of(nac_net *net, nac_place place, int id)
{
  return place == NAC_ON_VALUE ? &net->value[id].step : &net->tensor[NAC_PARAMETER][id].step;
}

int nac_net_add_step(nac_net *net, nac_place place, int id, int64_t n, nac_error *err)
{
  const nac_param_spec spec = {.suffix = "step", .rank = 1, .dim = {n}, .init = NAC_INIT_CONSTANT, .value = 1};
  char name[160];
  int made;
  int code;
  if (net->block[NAC_PARAMETER] != NULL) {
    return nac_fail(err, NAC_EINVAL, "this net has its weights already; learned steps are declared before");
  }
  if (n < 1 || *step_of(net, place, id) != 0) {
    return nac_fail(err, NAC_EINVAL, n < 1 ? "at least one step expected" : "this place has learned steps already");
  }
  if (place == NAC_ON_PARAMETER) {
    snprintf(name, sizeof name, "%s", net->tensor[NAC_PARAMETER][id].name);
  } else if (net->value[id].producer < 0) {
    snprintf(name, sizeof name, "input");
  } else {
    snprintf(name, sizeof name, "%s.output", net->layer[net->value[id].producer].name);
  }
  made = net->n_tensors[NAC_PARAMETER];
  code = nac_net_add_parameter(net, name, &spec, err);
  if (code == NAC_OK) {
    *step_of(net, place, id) = made + 1;
  }
  return code;
}

int nac_net_learn_step(nac_net *net, nac_place place, int id, int is_free, nac_error *err)
{
  const int64_t *dim;
  int rank;
  nac_quantiser *q = *slot(net, place, id, &rank, &dim);
  const int step = *step_of(net, place, id);
  const nac_parameter *p;
  if (q == NULL || step == 0 || net->block[NAC_PARAMETER] == NULL) {
    return nac_fail(err, NAC_EINVAL, "a learned step needs a number format and a parameter: net:add_step before the net has "
                    "its weights, and a format");
  }
  p = &net->tensor[NAC_PARAMETER][step - 1];
  if (p->n != q->n) {
    return nac_fail(err, NAC_EINVAL, "%lld formats, but %s holds %lld", (long long)q->n, p->name, (long long)p->n);
  }
  return nac_quantiser_learn(q, net->block[NAC_PARAMETER] + p->offset, is_free, err);
}

void nac_net_follow_steps(const nac_net *net)
{
  int i;
  for (i = 0; i < net->n_values; i++) {
    if (net->value[i].q != NULL) {
      nac_quantiser_follow(net->value[i].q);
    }
  }
  for (i = 0; i < net->n_tensors[NAC_PARAMETER]; i++) {
    if (net->tensor[NAC_PARAMETER][i].q != NULL) {
      nac_quantiser_follow(net->tensor[NAC_PARAMETER][i].q);
    }
  }
}

int nac_net_clear_quantiser(nac_net *net, nac_place place, int id, nac_error *err)
{
  const int64_t *dim;
  int rank;
  nac_quantiser **q = slot(net, place, id, &rank, &dim);
  const int code = *q != NULL ? may_change(net, err) : NAC_OK;
  if (code == NAC_OK) {
    nac_quantiser_free(*q);
    *q = NULL;
  }
  return code;
}

const nac_quantiser *nac_net_quantiser(const nac_net *net, nac_place place, int id)
{
  return place == NAC_ON_VALUE ? net->value[id].q : net->tensor[NAC_PARAMETER][id].q;
}

int nac_net_set_mask(nac_net *net, int param, const uint8_t *keep, nac_error *err)
{
  nac_parameter *p = &net->tensor[NAC_PARAMETER][param];
  int64_t i;
  if (keep == NULL) {
    nac_free(p->mask);
    p->mask = NULL;
    return NAC_OK;
  }
  if (p->mask == NULL) {
    p->mask = nac_malloc((size_t)p->n);
  }
  if (p->mask == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for the mask of '%s'", p->name);
  }
  memcpy(p->mask, keep, (size_t)p->n);
  for (i = 0; net->block[NAC_PARAMETER] != NULL && i < p->n; i++) {
    if (keep[i] == 0) {
      net->block[NAC_PARAMETER][p->offset + i] = 0.0f;
    }
  }
  return NAC_OK;
}
