/* The ends of intervals side by side, for bounds.c. */
#include "core/igraph/igraph_impl.h"

#define NUM nac_wide
#define LANES NAC_BOUND_LANES
#define FIXED_OP nac_fixed_op_bound
#include "core/igraph/fixed_body.h"
