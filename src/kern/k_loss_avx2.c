#define NAC_SIMD_AVX2
#include "kern/k_loss_body.h"
