/** Random streams as arguments of other bindings. */
#ifndef NAC_BIND_RNG_H
#define NAC_BIND_RNG_H

#include <lua.h>

#include "core/rng.h"

/** The random stream at `index`; raises when there is none. */
nac_rng *nac_lua_check_rng(lua_State *L, int index);

/** The random stream at `index`, or NULL. */
nac_rng *nac_lua_test_rng(lua_State *L, int index);

#endif
