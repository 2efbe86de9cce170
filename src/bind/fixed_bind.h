/* Operations of integer graphs to Lua. */
#ifndef NAC_FIXED_BIND_H
#define NAC_FIXED_BIND_H

#include <lua.h>

#include "core/igraph/igraph.h"

/** Pushes a table of what a back end needs of an operation beyond `fixed:ops()`; see fixed_op.c. */
void nac_lua_push_iop(lua_State *L, const nac_igraph *g, const nac_iop *op);

#endif
