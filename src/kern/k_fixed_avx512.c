#define NAC_SIMD_AVX512
#include "kern/k_fixed_body.h"
