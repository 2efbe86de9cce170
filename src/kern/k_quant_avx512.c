#define NAC_SIMD_AVX512
#include "kern/k_quant_body.h"
