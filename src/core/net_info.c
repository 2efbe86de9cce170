/* Reading a net: what its readers iterate over. */
#include <math.h>
#include <string.h>

#include "core/net_impl.h"

int nac_net_is_built(const nac_net *net)
{
  return net->block[NAC_BUFFER] != NULL; /* the last one that nac_net_init makes */
}

int nac_net_n_values(const nac_net *net)
{
  return net->n_values;
}

int nac_net_n_layers(const nac_net *net)
{
  return net->n_layers;
}

int nac_net_n_tensors(const nac_net *net, nac_role role)
{
  return net->n_tensors[role];
}

int64_t nac_net_n_elements(const nac_net *net, nac_role role)
{
  return net->n_elements[role];
}

int nac_net_value_shape(const nac_net *net, int value, const int64_t **dim)
{
  *dim = net->value[value].dim;
  return net->value[value].rank;
}

int nac_net_output(const nac_net *net)
{
  return net->n_layers > 0 ? net->layer[net->n_layers - 1].output : 0;
}

nac_layer_info nac_net_layer(const nac_net *net, int layer)
{
  const nac_layer *l = &net->layer[layer];
  nac_layer_info info = {.name = l->name,
                         .kind = l->kind->name,
                         .group = l->group,
                         .n_inputs = l->n_inputs,
                         .inputs = l->input,
                         .output = l->output,
                         .n_params = l->n_params,
                         .params = l->param,
                         .n_buffers = l->n_buffers,
                         .buffers = l->buffer};
  return info;
}

nac_net_tensor nac_net_get(const nac_net *net, nac_role role, int id)
{
  const nac_parameter *p = &net->tensor[role][id];
  nac_net_tensor t = {.name = p->name, .rank = p->rank, .dim = p->dim, .n = p->n, .mask = p->mask};
  t.data = net->block[role] != NULL ? net->block[role] + p->offset : NULL;
  return t;
}

int64_t nac_net_state_size(const nac_net *net)
{
  return net->n_elements[NAC_PARAMETER] + net->n_elements[NAC_BUFFER];
}

void nac_net_save_state(const nac_net *net, float *state)
{
  const size_t n = (size_t)net->n_elements[NAC_PARAMETER];
  memcpy(state, net->block[NAC_PARAMETER], n * sizeof *state);
  memcpy(state + n, net->block[NAC_BUFFER], (size_t)net->n_elements[NAC_BUFFER] * sizeof *state);
}

void nac_net_load_state(nac_net *net, const float *state)
{
  const size_t n = (size_t)net->n_elements[NAC_PARAMETER];
  memcpy(net->block[NAC_PARAMETER], state, n * sizeof *state);
  memcpy(net->block[NAC_BUFFER], state + n, (size_t)net->n_elements[NAC_BUFFER] * sizeof *state);
}

nac_cost nac_net_cost(const nac_net *net, int layer)
{
  const nac_layer *l = &net->layer[layer];
  return l->kind->cost(net, l);
}

nac_cost nac_cost_elements(const nac_net *net, const nac_layer *layer, nac_cost_op op, const char *func)
{
  nac_cost c = {.op = op, .func = func, .weight = -1, .elements = net->value[layer->input[0]].n};
  return c;
}

int nac_cost_foldable(const nac_net *net, const nac_layer *layer, int axis)
{
  const nac_value *in = &net->value[layer->input[0]];
  const nac_layer *before;
  nac_cost product;
  if (in->producer < 0 || in->n_consumers != 1) {
    return 0;
  }
  before = &net->layer[in->producer];
  product = before->kind->cost(net, before);
  return product.op == NAC_COST_MATMUL_CONST && (axis < 0 || product.out_axis == axis);
}

int64_t nac_net_nonzero(const nac_net *net, int param)
{
  const nac_parameter *p = &net->tensor[NAC_PARAMETER][param];
  const float *data = net->block[NAC_PARAMETER];
  int64_t n = 0;
  int64_t i;
  if (data == NULL) {
    return p->n;
  }
  for (i = 0; i < p->n; i++) {
    n += data[p->offset + i] != 0.0f && (p->mask == NULL || p->mask[i] != 0);
  }
  return n;
}
