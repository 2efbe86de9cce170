/* nac.c.idx: IDX files, plain and gzip. Failures of the file return nil, message. */
#include <lauxlib.h>
#include <lua.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/idx.h"

/* idx.read(path [, rows]) -> tensor | nil, message; rows = only that many of the
 * first dimension */
static int l_read(lua_State *L)
{
  nac_error err;
  nac_tensor *t;
  const char *path = luaL_checkstring(L, 1);
  lua_Integer rows = luaL_optinteger(L, 2, -1);
  luaL_argcheck(L, rows >= -1, 2, "a number of rows, 0 or more, expected");
  if (nac_idx_read(&t, path, rows, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  nac_lua_push_tensor(L, t);
  return 1;
}

/* idx.shape(path) -> {dimensions} | nil, message; reads the header alone */
static int l_shape(lua_State *L)
{
  nac_error err;
  int64_t dim[NAC_MAX_RANK];
  int rank;
  if (nac_idx_shape(luaL_checkstring(L, 1), &rank, dim, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  nac_lua_push_shape(L, rank, dim);
  return 1;
}

/* idx.write(path, tensor) -> true | nil, message */
static int l_write(lua_State *L)
{
  nac_error err;
  const char *path = luaL_checkstring(L, 1);
  if (nac_idx_write(path, nac_lua_check_tensor(L, 2), &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_pushboolean(L, 1);
  return 1;
}

static const luaL_Reg functions[] = {{"read", l_read}, {"shape", l_shape}, {"write", l_write}, {NULL, NULL}};

int luaopen_nac_c_idx(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}
