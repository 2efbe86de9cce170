#define NAC_SIMD_PORTABLE
#include "kern/k_quant_body.h"
