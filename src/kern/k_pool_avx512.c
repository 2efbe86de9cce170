#define NAC_SIMD_AVX512
#include "kern/k_pool_body.h"
