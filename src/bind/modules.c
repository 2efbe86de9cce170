#include "bind/modules.h"

#include <lauxlib.h>

#define ROW(name) {"nac.c." #name, luaopen_nac_c_##name},
static const luaL_Reg modules[] = {NAC_MODULES(ROW){NULL, NULL}};

void nac_modules_preload(lua_State *L)
{
  const luaL_Reg *m;
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  for (m = modules; m->name != NULL; m++) {
    lua_pushcfunction(L, m->func);
    lua_setfield(L, -2, m->name);
  }
  lua_pop(L, 1);
}
