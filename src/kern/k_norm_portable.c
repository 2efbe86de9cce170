#define NAC_SIMD_PORTABLE
#include "kern/k_norm_body.h"
