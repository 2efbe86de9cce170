#define NAC_SIMD_AVX512
#include "kern/k_optim_body.h"
