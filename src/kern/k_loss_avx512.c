#define NAC_SIMD_AVX512
#include "kern/k_loss_body.h"
