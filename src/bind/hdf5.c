/* nac.c.hdf5: HDF5 files. Failures of the file return nil, message. */
#include <lauxlib.h>
#include <lua.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/hdf5.h"

#define WORDS_TYPE "nac.c.hdf5.names"

static int l_free_words(lua_State *L)
{
  nac_words_free(luaL_checkudata(L, 1, WORDS_TYPE));
  return 0;
}

/* hdf5.names(path) -> {paths of datasets} | nil, message */
static int l_names(lua_State *L)
{
  nac_error err;
  const char *path = luaL_checkstring(L, 1);
  nac_words *words = lua_newuserdatauv(L, sizeof *words, 0);
  int32_t i;
  *words = (nac_words){0};
  luaL_setmetatable(L, WORDS_TYPE);
  if (nac_hdf5_names(words, path, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_createtable(L, words->n, 0);
  for (i = 0; i < words->n; i++) {
    lua_pushstring(L, words->word[i]);
    lua_seti(L, -2, i + 1);
  }
  return 1;
}

/* hdf5.look(path, name) -> {dimensions}, type of the tensor | nil, message */
static int l_look(lua_State *L)
{
  nac_error err;
  nac_hdf5_info info;
  if (nac_hdf5_look(&info, luaL_checkstring(L, 1), luaL_checkstring(L, 2), &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  nac_lua_push_shape(L, info.rank, info.dim);
  lua_pushstring(L, nac_dtype_name(info.dtype));
  return 2;
}

/* hdf5.read(path, name [, first [, count]]) -> tensor, of rows first to first + count - 1 | nil, message */
static int l_read(lua_State *L)
{
  nac_error err;
  nac_tensor *t;
  const char *path = luaL_checkstring(L, 1);
  const char *name = luaL_checkstring(L, 2);
  if (nac_hdf5_read(&t, path, name, luaL_optinteger(L, 3, 1) - 1, luaL_optinteger(L, 4, -1), &err) != NAC_OK) {
    return err.code == NAC_EINVAL ? nac_lua_raise(L, &err) : nac_lua_nil_error(L, &err);
  }
  nac_lua_push_tensor(L, t);
  return 1;
}

static const luaL_Reg functions[] = {{"names", l_names}, {"look", l_look}, {"read", l_read}, {NULL, NULL}};

static const luaL_Reg metamethods[] = {{"__gc", l_free_words}, {NULL, NULL}};

int luaopen_nac_c_hdf5(lua_State *L)
{
  return nac_lua_open_class(L, functions, WORDS_TYPE, NULL, metamethods);
}
