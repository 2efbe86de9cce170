#define NAC_SIMD_AVX512
#include "kern/k_elem_body.h"
