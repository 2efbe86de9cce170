#define NAC_SIMD_AVX2
#include "kern/k_optim_body.h"
