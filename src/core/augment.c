#include "core/augment.h"

#include <string.h>

#include "core/rng.h"

int nac_shift_init(nac_shift *shift, const nac_net *net, int64_t most, nac_error *err)
{
  const int64_t *dim;
  const int rank = nac_net_value_shape(net, 0, &dim);
  shift->most = most;
  if (most == 0) {
    return NAC_OK;
  }
  if (rank != 2 && rank != 3) {
    char shape[NAC_SHAPE_TEXT];
    nac_shape_text(shape, sizeof shape, rank, dim);
    return nac_fail(err, NAC_ESHAPE, "images of channels x height x width (or height x width) can be shifted, samples here are %s",
                    shape);
  }
  shift->channels = rank == 3 ? dim[0] : 1;
  shift->height = dim[rank - 2];
  shift->width = dim[rank - 1];
  return NAC_OK;
}

/* One plane (height,width) moved by dy and dx. */
static void move(const float *x, float *y, int64_t height, int64_t width, int64_t dy, int64_t dx)
{
  const int64_t from = dx < 0 ? -dx : 0; /* first column of x that stays inside */
  const int64_t to = dx > 0 ? dx : 0;
  const int64_t n = width - from - to;
  int64_t r;
  memset(y, 0, (size_t)(height * width) * sizeof *y);
  for (r = dy > 0 ? dy : 0; r < height && r - dy < height && n > 0; r++) {
    memcpy(y + r * width + to, x + (r - dy) * width + from, (size_t)n * sizeof *y);
  }
}

void nac_shift_rows(const nac_shift *shift, const float *x, const int32_t *order, int64_t n, uint64_t seed,
                    uint64_t epoch, uint64_t first_row, float *y)
{
  const int64_t plane = shift->height * shift->width;
  const int64_t size = shift->channels * plane;
  int64_t i;
  int64_t c;
  for (i = 0; i < n; i++) {
    const int64_t row = order != NULL ? order[i] : i;
    nac_rng rng = nac_rng_stream(seed, "shift", epoch, first_row + (uint64_t)row);
    const int64_t dy = (int64_t)nac_rng_below(&rng, (uint64_t)(2 * shift->most + 1)) - shift->most;
    const int64_t dx = (int64_t)nac_rng_below(&rng, (uint64_t)(2 * shift->most + 1)) - shift->most;
    for (c = 0; c < shift->channels; c++) {
      move(x + row * size + c * plane, y + i * size + c * plane, shift->height, shift->width, dy, dx);
    }
  }
}
