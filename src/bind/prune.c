/* nac.c.prune: which weights go; lua/nac/prune/magnitude.lua is the public module over it. */
#include <lauxlib.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/prune.h"

static nac_tensor *check_list(lua_State *L, int index, nac_dtype dtype, const nac_tensor *like)
{
  nac_tensor *t = nac_lua_check_tensor(L, index);
  if (t->dtype != dtype || t->rank != 1 || !nac_tensor_is_contiguous(t) ||
      (like != NULL && t->dim[0] != like->dim[0])) {
    luaL_error(L, "argument %d must be a contiguous %s tensor of one dimension, as long as the first", index,
               nac_dtype_name(dtype));
  }
  return t;
}

/* prune.least(size f32 (n), keep u8 (n), count [, width i32 (n)]): changes keep */
static int l_least(lua_State *L)
{
  nac_tensor *size = check_list(L, 1, NAC_F32, NULL);
  nac_tensor *keep = check_list(L, 2, NAC_U8, size);
  const lua_Integer count = luaL_checkinteger(L, 3);
  const nac_tensor *width = lua_isnoneornil(L, 4) ? NULL : check_list(L, 4, NAC_I32, size);
  nac_error err;
  if (nac_prune_least(nac_tensor_data(size), width != NULL ? nac_tensor_data(width) : NULL, nac_tensor_data(keep),
                      size->dim[0], count, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  return 0;
}

static const luaL_Reg functions[] = {
  {"least", l_least},
  {NULL, NULL},
};

int luaopen_nac_c_prune(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}
