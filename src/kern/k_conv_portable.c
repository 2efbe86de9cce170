#define NAC_SIMD_PORTABLE
#include "kern/k_conv_body.h"
