/**
 * nac: the engine from plain C. This header gathers the public ones; each says
 * what its functions do, and needs no Lua.
 *
 * A net is described layer by layer, gets weights, and is then read by whoever
 * has a use for it: a trainer, a plan that runs batches, a cost model, a back
 * end. Nothing large is allocated while it is only described.
 *
 * Errors. Functions that can fail take a `nac_error *` last and return a code of
 * core/error.h: NAC_OK, or what went wrong, with a text for people in the
 * error. They never exit or jump. NULL in place of the error drops the text.
 *
 * Memory. `nac_X_new` makes, `nac_X_free` frees (NULL is allowed). What a getter
 * returns belongs to the object and lives as long as it does. A plan or a
 * trainer must not outlive its net. core/mem.h counts all blocks and can set a
 * budget.
 *
 * Threads. None: the engine is single-threaded and keeps no locks. Parallelism
 * comes from processes.
 *
 * A whole training in C:
 *
 *     #include "nac.h"
 *
 *     int train(const float *x, const int32_t *label, int64_t n, nac_error *err)
 *     {
 *       const int64_t shape[] = {64};
 *       const nac_attr units = {.name = "units", .type = NAC_ATTR_NUMBER, .number = 10};
 *       const nac_data data = {.x = x, .label = label, .n = n};
 *       const double rate = 1e-3;
 *       nac_trainer_options o = {.loss = nac_loss_find("cross_entropy"), .batch = 128, .max_rows = n, .seed = 1};
 *       nac_net *net = NULL;
 *       nac_trainer *trainer = NULL;
 *       nac_score score;
 *       int value = 0; // the input; each layer's output is the next one's input
 *       int code = nac_cpu_start(err); // chooses the kernels
 *       if (code == NAC_OK) code = nac_net_new(&net, 1, shape, err);
 *       if (code == NAC_OK) code = nac_net_add(net, "dense", NULL, NULL, NULL, &units, 1, &value, 1, &value, err);
 *       if (code == NAC_OK) code = nac_net_init(net, 1, err);
 *       if (code == NAC_OK) code = nac_trainer_new(&trainer, net, &o, err);
 *       if (code == NAC_OK) code = nac_trainer_epoch(trainer, &data, 1, &rate, 1, &score, err);
 *       nac_trainer_free(trainer);
 *       nac_net_free(net);
 *       return code;
 *     }
 *
 * `make lib` puts the engine without Lua into build/libnac.a; link it with
 * -lz -ldl -lm. spec/core/capi.c is a program that does this and more.
 */
#ifndef NAC_H
#define NAC_H

#include "core/cpu.h"         /* the processor and the kernels chosen for it */
#include "core/error.h"       /* error codes and texts */
#include "core/igraph/fixed.h" /* nets as integer graphs, run exactly */
#include "core/interrupt.h"   /* stopping a long call */
#include "core/loss.h"        /* losses */
#include "core/mem.h"         /* counted memory, budgets */
#include "core/net.h"         /* describing and reading nets */
#include "core/optim.h"       /* optimisers */
#include "core/plan.h"        /* running batches, gradients, profiles */
#include "core/quant/quantiser.h" /* number formats */
#include "core/rng.h"         /* random streams */
#include "core/tensor.h"      /* tensors */
#include "core/train.h"       /* epochs */
#include "core/version.h"     /* NAC_VERSION */

#endif
