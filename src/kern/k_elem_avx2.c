#define NAC_SIMD_AVX2
#include "kern/k_elem_body.h"
