/* nac.c.quant: number formats, metatable "nac.format". lua/nac/quant.lua is the
 * public module over it. */
#include <lauxlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "bind/quant_bind.h"
#include "core/quant/format.h"

#define META "nac.format"

const nac_format *nac_lua_check_format(lua_State *L, int index)
{
  return luaL_checkudata(L, index, META);
}

int nac_lua_push_format(lua_State *L, const nac_format *f)
{
  nac_format *box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = *f;
  luaL_requiref(L, "nac.c.quant", luaopen_nac_c_quant, 0);
  lua_pop(L, 1);
  luaL_setmetatable(L, META);
  return 1;
}

static int mode_field(lua_State *L, const char *name, int otherwise, int (*find)(const char *))
{
  int mode = otherwise;
  if (lua_getfield(L, 1, name) != LUA_TNIL) {
    const char *word = lua_tostring(L, -1);
    mode = word != NULL ? find(word) : -1;
    if (mode < 0) {
      return luaL_error(L, "unknown %s '%s'; allowed: %s", name, luaL_tolstring(L, -1, NULL),
                        strcmp(name, "rounding") == 0
                          ? "TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF, RND_CONV"
                          : "WRAP, SAT, SAT_ZERO, SAT_SYM");
    }
  }
  lua_pop(L, 1);
  return mode;
}

/* quant.format(text) or quant.format{width=, integer=, signed=true, rounding="RND_CONV", overflow="SAT"} -> nac.format */
static int l_format(lua_State *L)
{
  nac_format f;
  nac_error err;
  if (lua_type(L, 1) == LUA_TSTRING) {
    if (nac_format_parse(&f, lua_tostring(L, 1), &err) != NAC_OK) {
      return nac_lua_raise(L, &err);
    }
    return nac_lua_push_format(L, &f);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  memset(&f, 0, sizeof f);
  f.width = (int)nac_lua_opt_integer_field(L, 1, "width", 0);
  f.integer = (int)nac_lua_opt_integer_field(L, 1, "integer", f.width);
  f.is_signed = nac_lua_opt_boolean_field(L, 1, "signed", 1);
  f.rounding = (nac_rounding)mode_field(L, "rounding", NAC_RND_CONV, nac_rounding_find);
  f.overflow = (nac_overflow)mode_field(L, "overflow", NAC_SAT, nac_overflow_find);
  if (nac_format_check(&f, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  return nac_lua_push_format(L, &f);
}

/* format:quantise(x) -> the number nearest to x, whether x was out of range */
static int l_quantise(lua_State *L)
{
  const nac_format *f = nac_lua_check_format(L, 1);
  int64_t overflows = 0;
  const nac_wide raw = nac_format_quantise(f, luaL_checknumber(L, 2), &overflows);
  lua_pushnumber(L, nac_format_value(f, raw));
  lua_pushboolean(L, overflows > 0);
  return 2;
}

/* format:raw(x) -> the integer that stands for the number nearest to x (the two's
 * complement bits where an unsigned one does not fit into a Lua integer) */
static int l_raw(lua_State *L)
{
  const nac_format *f = nac_lua_check_format(L, 1);
  lua_pushinteger(L, (lua_Integer)(int64_t)(uint64_t)nac_format_quantise(f, luaL_checknumber(L, 2), NULL));
  return 1;
}

/* format:value(raw) -> the number that an integer stands for */
static int l_value(lua_State *L)
{
  const nac_format *f = nac_lua_check_format(L, 1);
  const lua_Integer raw = luaL_checkinteger(L, 2);
  lua_pushnumber(L, nac_format_value(f, f->is_signed ? (nac_wide)raw : (nac_wide)(uint64_t)raw));
  return 1;
}

/* format:apply(t) -> a new f32 tensor of the nearest numbers, how many were out of range */
static int l_apply(lua_State *L)
{
  const nac_format *f = nac_lua_check_format(L, 1);
  nac_tensor *t = nac_lua_check_tensor(L, 2);
  nac_tensor *copy;
  nac_error err;
  int64_t overflows;
  if (nac_tensor_convert(&copy, t, NAC_F32, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  overflows = nac_format_apply(f, nac_tensor_data(copy), nac_tensor_data(copy), nac_tensor_numel(copy));
  nac_lua_push_tensor(L, copy);
  lua_pushinteger(L, (lua_Integer)overflows);
  return 2;
}

/* Fields width, integer, fraction, signed, rounding, overflow, step, max, min. */
static int l_index(lua_State *L)
{
  const nac_format *f = nac_lua_check_format(L, 1);
  const char *key = luaL_checkstring(L, 2);
  if (strcmp(key, "width") == 0) {
    lua_pushinteger(L, f->width);
  } else if (strcmp(key, "integer") == 0) {
    lua_pushinteger(L, f->integer);
  } else if (strcmp(key, "fraction") == 0) {
    lua_pushinteger(L, f->width - f->integer);
  } else if (strcmp(key, "signed") == 0) {
    lua_pushboolean(L, f->is_signed);
  } else if (strcmp(key, "rounding") == 0) {
    lua_pushstring(L, nac_rounding_name((int)f->rounding));
  } else if (strcmp(key, "overflow") == 0) {
    lua_pushstring(L, nac_overflow_name((int)f->overflow));
  } else if (strcmp(key, "step") == 0) {
    lua_pushnumber(L, nac_format_value(f, 1));
  } else if (strcmp(key, "max") == 0) {
    lua_pushnumber(L, nac_format_value(f, nac_format_max(f)));
  } else if (strcmp(key, "min") == 0) {
    lua_pushnumber(L, nac_format_value(f, nac_format_min(f)));
  } else {
    lua_getmetatable(L, 1);
    lua_getfield(L, -1, "methods");
    lua_getfield(L, -1, key);
  }
  return 1;
}

static int l_tostring(lua_State *L)
{
  char text[64];
  nac_format_text(nac_lua_check_format(L, 1), text, sizeof text);
  lua_pushstring(L, text);
  return 1;
}

static int l_eq(lua_State *L)
{
  const nac_format *a = luaL_testudata(L, 1, META);
  const nac_format *b = luaL_testudata(L, 2, META);
  lua_pushboolean(L, a != NULL && b != NULL && a->is_signed == b->is_signed && a->width == b->width &&
                       a->integer == b->integer && a->rounding == b->rounding && a->overflow == b->overflow);
  return 1;
}

static const luaL_Reg functions[] = {
  {"format", l_format},
  {NULL, NULL},
};

static const luaL_Reg methods[] = {
  {"quantise", l_quantise}, {"raw", l_raw}, {"value", l_value}, {"apply", l_apply}, {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
  {"__index", l_index}, {"__tostring", l_tostring}, {"__eq", l_eq}, {NULL, NULL},
};

int luaopen_nac_c_quant(lua_State *L)
{
  if (luaL_newmetatable(L, META)) {
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "methods");
  }
  luaL_newlib(L, functions);
  return 1;
}
