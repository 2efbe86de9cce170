/**
 * Which weights go when a net is pruned: the choice alone; lua/nac/prune says what
 * competes with what, and nac_net_set_mask makes it so.
 */
#ifndef NAC_PRUNE_H
#define NAC_PRUNE_H

#include <stdint.h>

#include "core/error.h"

/**
 * Takes the items of the least size out until `count` weights are gone.
 *
 * @param size  (n) magnitudes, finite; those of items that are gone already do not matter
 * @param width (n) weights that each item stands for; NULL: one each. Where items are wider than one, as
 *   many of them go as come nearest to `count` from below or above, but never one more than half too far
 * @param keep  (n) 0 where an item is gone; set to 0 for those that go now. Of equal sizes the first go
 * @param count weights that are to go now; 0 or less: none
 * Fails with NAC_ENOMEM, and changes nothing then.
 */
int nac_prune_least(const float *size, const int32_t *width, uint8_t *keep, int64_t n, int64_t count, nac_error *err);

#endif
