/** Samples that differ a little from epoch to epoch. */
#ifndef NAC_AUGMENT_H
#define NAC_AUGMENT_H

#include "core/error.h"
#include "core/net.h"

/** Images whose pixels move by whole steps. */
typedef struct nac_shift {
  int64_t most; /* pixels in each direction; 0: no shift */
  int64_t channels;
  int64_t height;
  int64_t width;
} nac_shift;

/** Takes the shape of the net's input, (channels, height, width) or (height, width).
 * NAC_ESHAPE for any other. */
int nac_shift_init(nac_shift *shift, const nac_net *net, int64_t most, nac_error *err);

/** Copies n images, row order[i] (or i when order is NULL) of x to row i of y, each moved by dy rows and dx columns,
 * both uniform in -most ... most; pixels that come from outside are 0. The two
 * numbers are those of (seed, epoch, first_row + that row). */
void nac_shift_rows(const nac_shift *shift, const float *x, const int32_t *order, int64_t n, uint64_t seed,
                    uint64_t epoch, uint64_t first_row, float *y);

#endif
