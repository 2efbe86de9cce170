#include "core/loss.h"

#include <string.h>

#include "kern/kern.h"
#include "core/plan_impl.h"
#include "kern/ref/ref.h"

static const char *const names[] = {"cross_entropy", "mse", NULL};

int nac_loss_find(const char *name)
{
  int i;
  for (i = 0; names[i] != NULL; i++) {
    if (strcmp(names[i], name) == 0) {
      return i;
    }
  }
  return -1;
}

const char *nac_loss_name(int loss)
{
  return loss >= 0 && loss < 2 ? names[loss] : NULL;
}

void nac_loss_run(nac_loss loss, nac_plan *plan, const int32_t *label, const float *target, int64_t n,
                  nac_score *score)
{
  void *g;
  int64_t len;
  void *y = nac_plan_output(plan, loss == NAC_CROSS_ENTROPY, &g, &len);
  score->rows += n;
  if (loss == NAC_CROSS_ENTROPY) {
    const double scale = 1.0 / (double)n;
    if (plan->mode == NAC_FAST) {
      nac_kern->cross_entropy(y, label, g, (float)scale, &score->loss, &score->correct, n, len);
    } else if (plan->mode == NAC_REF_F64) {
      ref_cross_entropy_f64(y, label, g, scale, &score->loss, &score->correct, n, len);
    } else {
      ref_cross_entropy_f32(y, label, g, scale, &score->loss, &score->correct, n, len);
    }
  } else {
    double sum = 0;
    const double scale = 1.0 / (double)(n * len);
    if (plan->mode == NAC_REF_F64) {
      ref_squared_error_f64(y, target, g, scale, &sum, n * len);
    } else {
      ref_squared_error_f32(y, target, g, scale, &sum, n * len);
    }
    score->loss += sum / (double)len;
  }
}
