#define NAC_SIMD_PORTABLE
#include "kern/k_fixed_body.h"
