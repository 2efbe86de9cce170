#define NAC_SIMD_AVX512
#include "kern/k_act_body.h"
