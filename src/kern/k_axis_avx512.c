#define NAC_SIMD_AVX512
#include "kern/k_axis_body.h"
