#define NAC_SIMD_AVX2
#include "kern/k_act_body.h"
