#define NAC_SIMD_PORTABLE
#include "kern/k_gemm_body.h"
