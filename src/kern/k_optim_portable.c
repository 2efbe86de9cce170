#define NAC_SIMD_PORTABLE
#include "kern/k_optim_body.h"
