#define NAC_SIMD_PORTABLE
#include "kern/k_elem_body.h"
