#define NAC_SIMD_AVX512
#include "kern/k_gemm_body.h"
