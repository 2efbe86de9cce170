#define NAC_SIMD_AVX2
#include "kern/k_quant_body.h"
