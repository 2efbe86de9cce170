#define NAC_SIMD_PORTABLE
#include "kern/k_pool_body.h"
