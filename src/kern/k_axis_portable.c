#define NAC_SIMD_PORTABLE
#include "kern/k_axis_body.h"
