#define NAC_SIMD_AVX2
#include "kern/k_conv_body.h"
