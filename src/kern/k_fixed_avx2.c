#define NAC_SIMD_AVX2
#include "kern/k_fixed_body.h"
