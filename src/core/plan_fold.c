/* Batchnorm folded into the weights of the layer before it, for evaluation. */
#include "core/layer/kinds.h"
#include "core/mem.h"
#include "core/plan_impl.h"

int nac_plan_new_fold(nac_plan *plan, int layer, nac_error *err)
{
  nac_step *s = &plan->step[layer];
  const nac_parameter *w = &plan->net->tensor[NAC_PARAMETER][s->layer->param[0]];
  plan->folded[layer] = nac_malloc((size_t)(w->n + w->dim[0]) * sizeof(float));
  if (plan->folded[layer] == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for layer '%s'", s->layer->name);
  }
  s->p[0] = plan->folded[layer];
  s->p[1] = plan->folded[layer] + w->n;
  return NAC_OK;
}

/* W (channels, ...) and b (channels) become scale W and scale b + offset. */
void nac_plan_fold(nac_plan *plan, int layer)
{
  const nac_net *net = plan->net;
  const nac_layer *product = &plan->g.layer[layer];
  const nac_net_tensor w = nac_net_get(net, NAC_PARAMETER, product->param[0]);
  const float *b = product->n_params > 1 ? nac_net_get(net, NAC_PARAMETER, product->param[1]).data : NULL;
  const int64_t channels = w.dim[0];
  const int64_t each = w.n / channels;
  float *to = plan->folded[layer];
  int64_t c;
  int64_t i;
  for (c = 0; c < channels; c++) {
    double scale;
    double offset;
    nac_batchnorm_form(net, &net->layer[plan->g.norm[layer]], c, &scale, &offset);
    for (i = 0; i < each; i++) {
      to[c * each + i] = (float)(scale * (double)w.data[c * each + i]);
    }
    to[w.n + c] = (float)(scale * (b != NULL ? (double)b[c] : 0.0) + offset);
  }
}
