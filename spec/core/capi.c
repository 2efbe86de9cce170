/* The engine from plain C: describes a net, trains it on two clouds of points,
 * scores it, quantises its weights and reads its cost. spec/core/capi_spec.lua
 * compiles and runs it. */
#include "nac.h"

#include <stdio.h>
#include <stdlib.h>

#define ROWS 512

static float x[ROWS * 2];
static int32_t label[ROWS];

static void make_data(void)
{
  nac_rng rng = nac_rng_stream(1, "clouds", 0, 0);
  int i;
  for (i = 0; i < ROWS; i++) {
    label[i] = i % 2;
    x[2 * i] = (float)(nac_rng_normal(&rng) + (label[i] ? 2.0 : -2.0));
    x[2 * i + 1] = (float)nac_rng_normal(&rng);
  }
}

static int describe(nac_net **net, nac_error *err)
{
  const int64_t shape[] = {2};
  const nac_attr hidden = {.name = "units", .type = NAC_ATTR_NUMBER, .number = 8};
  const nac_attr output = {.name = "units", .type = NAC_ATTR_NUMBER, .number = 2};
  int value = 0;
  int code = nac_net_new(net, 1, shape, err);
  if (code == NAC_OK) {
    code = nac_net_add(*net, "dense", "first", NULL, NULL, &hidden, 1, &value, 1, &value, err);
  }
  if (code == NAC_OK) {
    code = nac_net_add(*net, "relu", NULL, NULL, NULL, NULL, 0, &value, 1, &value, err);
  }
  if (code == NAC_OK) {
    code = nac_net_add(*net, "dense", "second", NULL, NULL, &output, 1, &value, 1, &value, err);
  }
  return code == NAC_OK ? nac_net_init(*net, 1, err) : code;
}

static int train(nac_net *net, nac_error *err)
{
  const nac_trainer_options o = {.loss = nac_loss_find("cross_entropy"),
                                 .batch = 32,
                                 .max_rows = ROWS,
                                 .seed = 1,
                                 .optimiser = {.kind = NAC_ADAM, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8}};
  const nac_data data = {.x = x, .label = label, .n = ROWS};
  const double rate = 0.01;
  nac_trainer *trainer;
  nac_score score;
  int64_t epoch;
  int code = nac_trainer_new(&trainer, net, &o, err);
  for (epoch = 1; code == NAC_OK && epoch <= 5; epoch++) {
    code = nac_trainer_epoch(trainer, &data, epoch, &rate, 1, &score, err);
  }
  if (code == NAC_OK) {
    code = nac_trainer_evaluate(trainer, &data, &score, err);
  }
  if (code == NAC_OK) {
    printf("accuracy %.3f\n", (double)score.correct / (double)score.judged);
  }
  nac_trainer_free(trainer);
  return code;
}

static int quantise(nac_net *net, nac_error *err)
{
  nac_format format;
  int code = nac_format_parse(&format, "ap_fixed<8,3,AP_RND_CONV,AP_SAT>", err);
  int i;
  for (i = 0; code == NAC_OK && i < nac_net_n_tensors(net, NAC_PARAMETER); i++) {
    code = nac_net_set_quantiser(net, NAC_ON_PARAMETER, i, 1, -1, &format, NULL, err);
  }
  return code;
}

int main(void)
{
  nac_error err;
  nac_net *net = NULL;
  int code = nac_cpu_start(&err);
  int l;
  make_data();
  if (code == NAC_OK) {
    code = describe(&net, &err);
  }
  if (code == NAC_OK) {
    code = train(net, &err);
  }
  if (code == NAC_OK) {
    code = quantise(net, &err);
  }
  if (code == NAC_OK) {
    code = train(net, &err); /* now with rounded weights */
  }
  for (l = 0; code == NAC_OK && l < nac_net_n_layers(net); l++) {
    const nac_layer_info info = nac_net_layer(net, l);
    const nac_cost cost = nac_net_cost(net, l);
    printf("%s %s %lld\n", info.name, info.kind, (long long)(cost.positions * cost.fan_in * cost.fan_out));
  }
  nac_net_free(net);
  if (code != NAC_OK) {
    fprintf(stderr, "%s\n", err.text);
    return EXIT_FAILURE;
  }
  printf("bytes left %zu\n", nac_mem_get_stats().live);
  return EXIT_SUCCESS;
}
