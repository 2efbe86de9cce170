/* 32-bit numbers. */
#include "core/igraph/igraph_impl.h"

#define NUM int32_t
#define LANES NAC_FIXED_LANES
#define FIXED_OP nac_fixed_op_i32
#include "core/igraph/fixed_body.h"
