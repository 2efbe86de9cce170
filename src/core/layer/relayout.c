/* relayout: changes between rows and groups of 16 samples side by side. Only
 * plans make it (plan_graph.c); it is not among the kinds that a user sees. */
#include <stddef.h>
#include <string.h>

#include "core/layer/kinds.h"
#include "kern/kern.h"

/* Rows [r0, r1), r0 a multiple of 16, to groups; missing rows become zeros. */
static void pack(const nac_step *s, const float *rows, float *groups, int64_t r0, int64_t r1)
{
  const int64_t len = s->y_len;
  int64_t r;
  int64_t i;
  int64_t j;
  for (r = r0; r < r1; r += 16) {
    float *to = groups + r * len;
    const float *from = rows + r * len;
    if (r + 16 <= s->batch) {
      nac_kern->transpose(from, to, 16, len);
      continue;
    }
    memset(to, 0, (size_t)len * 16 * sizeof *to);
    for (j = 0; j < s->batch - r; j++) {
      for (i = 0; i < len; i++) {
        to[i * 16 + j] = from[j * len + i];
      }
    }
  }
}

static void unpack(const nac_step *s, const float *groups, float *rows, int64_t r0, int64_t r1)
{
  const int64_t len = s->y_len;
  int64_t r;
  int64_t i;
  int64_t j;
  for (r = r0; r < r1; r += 16) {
    const float *from = groups + r * len;
    float *to = rows + r * len;
    if (r + 16 <= s->batch) {
      nac_kern->transpose(from, to, len, 16);
      continue;
    }
    for (j = 0; j < s->batch - r; j++) {
      for (i = 0; i < len; i++) {
        to[j * len + i] = from[i * 16 + j];
      }
    }
  }
}

static void forward(nac_step *s, int64_t r0, int64_t r1)
{
  if (s->blocked) {
    pack(s, s->x[0], s->y, r0, r1);
  } else {
    unpack(s, s->x[0], s->y, r0, r1);
  }
}

static void backward(nac_step *s, int64_t r0, int64_t r1)
{
  if (s->gx[0] == NULL) {
    return;
  }
  if (s->blocked) {
    unpack(s, s->gy, s->gx[0], r0, r1);
  } else {
    pack(s, s->gy, s->gx[0], r0, r1);
  }
}

const nac_kind nac_layer_relayout = {
  .name = "relayout",
  .n_inputs = 1,
  .forward = forward,
  .backward = backward,
};
