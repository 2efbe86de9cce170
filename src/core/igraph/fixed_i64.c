/* 64-bit numbers. */
#include "core/igraph/igraph_impl.h"

#define NUM int64_t
#define LANES NAC_FIXED_LANES
#define FIXED_OP nac_fixed_op_i64
#include "core/igraph/fixed_body.h"
