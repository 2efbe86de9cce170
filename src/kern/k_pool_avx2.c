#define NAC_SIMD_AVX2
#include "kern/k_pool_body.h"
