/* nac.c.rng: random streams derived from (seed, purpose, a, b). */
#include <lauxlib.h>
#include <lua.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "bind/rng.h"

#define META "nac.rng"

nac_rng *nac_lua_check_rng(lua_State *L, int index)
{
  return luaL_checkudata(L, index, META);
}

nac_rng *nac_lua_test_rng(lua_State *L, int index)
{
  return luaL_testudata(L, index, META);
}

/* rng.stream(seed, purpose, a=0, b=0) -> stream */
static int l_stream(lua_State *L)
{
  uint64_t seed = (uint64_t)luaL_checkinteger(L, 1);
  const char *purpose = luaL_checkstring(L, 2);
  uint64_t a = (uint64_t)luaL_optinteger(L, 3, 0);
  uint64_t b = (uint64_t)luaL_optinteger(L, 4, 0);
  nac_rng *rng = lua_newuserdatauv(L, sizeof *rng, 0);
  *rng = nac_rng_stream(seed, purpose, a, b);
  luaL_setmetatable(L, META);
  return 1;
}

/* r:uniform(lo=0, hi=1) -> number in [lo, hi) */
static int l_uniform(lua_State *L)
{
  nac_rng *rng = nac_lua_check_rng(L, 1);
  double lo = luaL_optnumber(L, 2, 0);
  double hi = luaL_optnumber(L, 3, 1);
  double u = nac_rng_uniform(rng);
  double x = lo + (hi - lo) * u;
  lua_pushnumber(L, x < hi || lo >= hi ? x : lo); /* rounding must not reach hi */
  return 1;
}

/* r:normal(mean=0, sd=1) -> number */
static int l_normal(lua_State *L)
{
  nac_rng *rng = nac_lua_check_rng(L, 1);
  double mean = luaL_optnumber(L, 2, 0);
  double sd = luaL_optnumber(L, 3, 1);
  lua_pushnumber(L, mean + sd * nac_rng_normal(rng));
  return 1;
}

/* r:int(lo, hi) -> integer in lo..hi, both included */
static int l_int(lua_State *L)
{
  nac_rng *rng = nac_lua_check_rng(L, 1);
  lua_Integer lo = luaL_checkinteger(L, 2);
  lua_Integer hi = luaL_checkinteger(L, 3);
  uint64_t n;
  uint64_t r;
  if (hi < lo) {
    return luaL_argerror(L, 3, lua_pushfstring(L, "no integers in %I..%I", (LUAI_UACINT)lo, (LUAI_UACINT)hi));
  }
  n = (uint64_t)hi - (uint64_t)lo + 1; /* 0: all 2^64 */
  r = n == 0 ? nac_rng_u64(rng) : nac_rng_below(rng, n);
  lua_pushinteger(L, (lua_Integer)((uint64_t)lo + r));
  return 1;
}

/* r:below(n) -> integer in 0..n-1 */
static int l_below(lua_State *L)
{
  nac_rng *rng = nac_lua_check_rng(L, 1);
  lua_Integer n = luaL_checkinteger(L, 2);
  luaL_argcheck(L, n >= 1, 2, "1 or more expected");
  lua_pushinteger(L, (lua_Integer)nac_rng_below(rng, (uint64_t)n));
  return 1;
}

/* r:choice(list) -> entry, its position */
static int l_choice(lua_State *L)
{
  nac_rng *rng = nac_lua_check_rng(L, 1);
  lua_Integer n;
  lua_Integer i;
  luaL_checktype(L, 2, LUA_TTABLE);
  n = luaL_len(L, 2);
  luaL_argcheck(L, n >= 1, 2, "the list is empty");
  i = 1 + (lua_Integer)nac_rng_below(rng, (uint64_t)n);
  lua_geti(L, 2, i);
  lua_pushinteger(L, i);
  return 2;
}

/* r:shuffle(list) -> the same list, in random order (Fisher & Yates) */
static int l_shuffle(lua_State *L)
{
  nac_rng *rng = nac_lua_check_rng(L, 1);
  lua_Integer i;
  luaL_checktype(L, 2, LUA_TTABLE);
  for (i = luaL_len(L, 2); i > 1; i--) {
    lua_Integer j = 1 + (lua_Integer)nac_rng_below(rng, (uint64_t)i);
    lua_geti(L, 2, i);
    lua_geti(L, 2, j);
    lua_seti(L, 2, i);
    lua_seti(L, 2, j);
  }
  lua_settop(L, 2);
  return 1;
}

/* r:u64() -> 64 random bits as a Lua integer (half of them are negative) */
static int l_u64(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)nac_rng_u64(nac_lua_check_rng(L, 1)));
  return 1;
}

static int l_tostring(lua_State *L)
{
  nac_lua_check_rng(L, 1);
  lua_pushliteral(L, "random stream");
  return 1;
}

static const luaL_Reg functions[] = {
  {"stream", l_stream},
  {NULL, NULL},
};

static const luaL_Reg methods[] = {
  {"uniform", l_uniform},
  {"normal", l_normal},
  {"int", l_int},
  {"below", l_below},
  {"choice", l_choice},
  {"shuffle", l_shuffle},
  {"u64", l_u64},
  {NULL, NULL},
};

int luaopen_nac_c_rng(lua_State *L)
{
  luaL_newmetatable(L, META);
  lua_pushcfunction(L, l_tostring);
  lua_setfield(L, -2, "__tostring");
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  luaL_newlib(L, functions);
  return 1;
}
