#define NAC_SIMD_AVX2
#include "kern/k_norm_body.h"
