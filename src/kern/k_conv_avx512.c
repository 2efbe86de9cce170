#define NAC_SIMD_AVX512
#include "kern/k_conv_body.h"
