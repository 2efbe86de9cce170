#define NAC_SIMD_PORTABLE
#include "kern/k_loss_body.h"
