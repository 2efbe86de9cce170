#define NAC_SIMD_AVX2
#include "kern/k_axis_body.h"
