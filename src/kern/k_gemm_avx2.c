#define NAC_SIMD_AVX2
#include "kern/k_gemm_body.h"
