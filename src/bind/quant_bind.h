/* Number formats between Lua and C. */
#ifndef NAC_QUANT_BIND_H
#define NAC_QUANT_BIND_H

#include <lua.h>

#include "core/quant/format.h"

/** The format at `index`; raises on another value. It lives as long as Lua's. */
const nac_format *nac_lua_check_format(lua_State *L, int index);

/** Pushes a copy of the format. Returns 1. */
int nac_lua_push_format(lua_State *L, const nac_format *f);

#endif
