#include "bind/bind.h"

int nac_lua_raise(lua_State *L, const nac_error *err)
{
  return luaL_error(L, "%s", err->text);
}

int nac_lua_nil_error(lua_State *L, const nac_error *err)
{
  lua_pushnil(L);
  lua_pushstring(L, err->text);
  return 2;
}

int nac_lua_check_shape(lua_State *L, int index, int64_t *dim)
{
  lua_Integer n;
  lua_Integer i;
  index = lua_absindex(L, index);
  luaL_checktype(L, index, LUA_TTABLE);
  n = luaL_len(L, index);
  if (n > NAC_MAX_RANK) {
    return luaL_error(L, "a shape has at most %d dimensions, got %d", NAC_MAX_RANK, (int)n);
  }
  for (i = 0; i < n; i++) {
    int is_integer;
    lua_geti(L, index, i + 1);
    dim[i] = (int64_t)lua_tointegerx(L, -1, &is_integer);
    if (!is_integer) {
      return luaL_error(L, "dimension %d of a shape must be an integer, got %s", (int)i + 1, luaL_typename(L, -1));
    }
    lua_pop(L, 1);
  }
  return (int)n;
}

void nac_lua_push_shape(lua_State *L, int rank, const int64_t *dim)
{
  int i;
  lua_createtable(L, rank, 0);
  for (i = 0; i < rank; i++) {
    lua_pushinteger(L, (lua_Integer)dim[i]);
    lua_seti(L, -2, i + 1);
  }
}

static int get_field(lua_State *L, int index, const char *name)
{
  if (lua_isnoneornil(L, index)) {
    lua_pushnil(L);
    return LUA_TNIL;
  }
  return lua_getfield(L, index, name);
}

double nac_lua_opt_number_field(lua_State *L, int index, const char *name, double otherwise)
{
  double value = otherwise;
  int type = get_field(L, index, name);
  if (type != LUA_TNIL) {
    int ok;
    value = lua_tonumberx(L, -1, &ok);
    if (!ok) {
      luaL_error(L, "option '%s' must be a number, got %s", name, luaL_typename(L, -1));
    }
  }
  lua_pop(L, 1);
  return value;
}

lua_Integer nac_lua_opt_integer_field(lua_State *L, int index, const char *name, lua_Integer otherwise)
{
  lua_Integer value = otherwise;
  int type = get_field(L, index, name);
  if (type != LUA_TNIL) {
    int ok;
    value = lua_tointegerx(L, -1, &ok);
    if (!ok) {
      luaL_error(L, "option '%s' must be an integer, got %s", name, luaL_tolstring(L, -1, NULL));
    }
  }
  lua_pop(L, 1);
  return value;
}

int nac_lua_opt_boolean_field(lua_State *L, int index, const char *name, int otherwise)
{
  int value = otherwise;
  int type = get_field(L, index, name);
  if (type != LUA_TNIL) {
    if (type != LUA_TBOOLEAN) {
      luaL_error(L, "option '%s' must be true or false, got %s", name, luaL_typename(L, -1));
    }
    value = lua_toboolean(L, -1);
  }
  lua_pop(L, 1);
  return value;
}

int nac_lua_open_class(lua_State *L, const luaL_Reg *functions, const char *meta, const luaL_Reg *methods,
                       const luaL_Reg *metamethods)
{
  if (luaL_newmetatable(L, meta)) {
    luaL_setfuncs(L, metamethods, 0);
    if (methods != NULL) {
      lua_newtable(L);
      luaL_setfuncs(L, methods, 0);
      lua_setfield(L, -2, "__index");
    }
  }
  lua_pop(L, 1);
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  return 1;
}
