#define NAC_SIMD_AVX512
#include "kern/k_norm_body.h"
