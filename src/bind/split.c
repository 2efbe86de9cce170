/* nac.c.split: stratified splits of a data set. */
#include <lauxlib.h>
#include <lua.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/split.h"

static const int32_t *check_i32(lua_State *L, int index, int64_t *n)
{
  const nac_tensor *t = nac_lua_check_tensor(L, index);
  luaL_argcheck(L, t->dtype == NAC_I32 && t->rank == 1 && nac_tensor_is_contiguous(t), index,
                "a contiguous i32 tensor of rank 1 expected");
  *n = t->dim[0];
  return nac_tensor_data(t);
}

/* split.deal(labels, seed, round, n_piles) -> i32 tensor [N] of piles 0..n_piles-1 */
static int l_deal(lua_State *L)
{
  nac_error err;
  nac_tensor *piles;
  int64_t n;
  const int32_t *labels = check_i32(L, 1, &n);
  lua_Integer seed = luaL_checkinteger(L, 2);
  lua_Integer round = luaL_checkinteger(L, 3);
  lua_Integer n_piles = luaL_checkinteger(L, 4);
  luaL_argcheck(L, n_piles >= 1 && n_piles <= 65536, 4, "1 to 65536 piles expected");
  if (nac_tensor_new(&piles, NAC_I32, 1, &n, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  nac_lua_push_tensor(L, piles);
  if (nac_split_deal(labels, n, (uint64_t)seed, (uint64_t)round, (int32_t)n_piles, nac_tensor_data(piles), &err) !=
      NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  return 1;
}

/* split.pick(piles, {wanted pile numbers}) -> i32 tensor of sample numbers from 1, rising */
static int l_pick(lua_State *L)
{
  enum { MAX = 256 };
  unsigned char keep[MAX] = {0};
  nac_error err;
  nac_tensor *index;
  int64_t n;
  int64_t count;
  int64_t i;
  int32_t *number;
  const int32_t *pile = check_i32(L, 1, &n);
  luaL_checktype(L, 2, LUA_TTABLE);
  for (i = 1; i <= luaL_len(L, 2); i++) {
    lua_Integer wanted;
    lua_geti(L, 2, i);
    wanted = lua_tointeger(L, -1);
    luaL_argcheck(L, wanted >= 0 && wanted < MAX, 2, "pile numbers are 0 to 255");
    keep[wanted] = 1;
    lua_pop(L, 1);
  }
  count = nac_split_pick(pile, n, keep, MAX, NULL);
  if (nac_tensor_new(&index, NAC_I32, 1, &count, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  nac_lua_push_tensor(L, index);
  number = nac_tensor_data(index);
  nac_split_pick(pile, n, keep, MAX, number);
  for (i = 0; i < count; i++) { /* Lua counts from 1 */
    number[i]++;
  }
  return 1;
}

static const luaL_Reg functions[] = {{"deal", l_deal}, {"pick", l_pick}, {NULL, NULL}};

int luaopen_nac_c_split(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}
