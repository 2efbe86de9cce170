/* 128-bit numbers. */
#include "core/igraph/igraph_impl.h"

#define NUM nac_wide
#define LANES NAC_FIXED_LANES
#define FIXED_OP nac_fixed_op_i128
#include "core/igraph/fixed_body.h"
