#define NAC_SIMD_PORTABLE
#include "kern/k_act_body.h"
