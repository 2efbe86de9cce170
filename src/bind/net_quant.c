/* Quantisers and masks of nets: methods of "nac.net" (bind/net.c). */
#include <lauxlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/net_bind.h"
#include "bind/quant_bind.h"
#include "core/mem.h"

static int find_parameter(lua_State *L, const nac_net *net, int index)
{
  const char *name = luaL_checkstring(L, index);
  int i;
  for (i = 0; i < nac_net_n_tensors(net, NAC_PARAMETER); i++) {
    if (strcmp(nac_net_get(net, NAC_PARAMETER, i).name, name) == 0) {
      return i;
    }
  }
  return luaL_error(L, "the net has no parameter '%s'", name);
}

/* Argument 2: a parameter's name, or a value (1 is the input). */
static nac_place check_place(lua_State *L, const nac_net *net, int *id)
{
  if (lua_type(L, 2) == LUA_TNUMBER) {
    const lua_Integer value = luaL_checkinteger(L, 2);
    luaL_argcheck(L, value >= 1 && value <= nac_net_n_values(net), 2, "the net has no such value");
    *id = (int)value - 1;
    return NAC_ON_VALUE;
  }
  *id = find_parameter(L, net, 2);
  return NAC_ON_PARAMETER;
}

/* Option scale: n numbers, one for all or one each; NULL where it is missing or 0. Leaves values on the stack. */
static const double *scales(lua_State *L, lua_Integer n)
{
  double *list;
  lua_Integer i;
  if (!lua_istable(L, 4) || lua_getfield(L, 4, "scale") == LUA_TNIL) {
    return NULL;
  }
  if (lua_type(L, -1) == LUA_TNUMBER && lua_tonumber(L, -1) == 0) {
    return NULL;
  }
  if (lua_type(L, -1) == LUA_TTABLE && luaL_len(L, -1) != n) {
    luaL_error(L, "%I scales, but %I formats", (LUAI_UACINT)luaL_len(L, -1), (LUAI_UACINT)n);
  }
  list = lua_newuserdatauv(L, (size_t)n * sizeof *list + 1, 0);
  for (i = 0; i < n; i++) {
    if (lua_type(L, -2) == LUA_TTABLE) {
      lua_geti(L, -2, i + 1);
      list[i] = luaL_checknumber(L, -1);
      lua_pop(L, 1);
    } else {
      list[i] = luaL_checknumber(L, -2);
    }
  }
  return list;
}

/* Option learned: "powers" or "free"; steps of the quantiser of a place are then trained. */
static int learn(lua_State *L, nac_net *net, nac_place place, int id, nac_error *err)
{
  int code = NAC_OK;
  if (lua_istable(L, 4) && lua_getfield(L, 4, "learned") != LUA_TNIL) {
    static const char *const words[] = {"powers", "free", NULL};
    code = nac_net_learn_step(net, place, id, luaL_checkoption(L, -1, NULL, words), err);
  }
  return code;
}

/* net:quantise(place, format | list of formats | nil, {axis=, scale=, learned=}): place is a
 * parameter's name or a value's number; a list holds one format for each index of
 * dimension `axis` (default 1), or one an element with axis = 0; nil takes the
 * quantiser away; scale: a step that is no power of two, or a list of one a format;
 * learned = "powers" or "free": steps are trained (net:add_step came before the weights) */
int nac_lua_net_quantise(lua_State *L)
{
  nac_net *net = nac_lua_check_net(L, 1)->net;
  int id;
  const nac_place place = check_place(L, net, &id);
  const int axis = (int)nac_lua_opt_integer_field(L, 4, "axis", 1) - 1;
  nac_error err;
  int code;
  if (lua_isnoneornil(L, 3)) {
    return nac_net_clear_quantiser(net, place, id, &err) != NAC_OK ? nac_lua_raise(L, &err) : 0;
  }
  if (lua_type(L, 3) != LUA_TTABLE) {
    code = nac_net_set_quantiser(net, place, id, 1, -1, nac_lua_check_format(L, 3), scales(L, 1), &err);
  } else {
    const lua_Integer n = luaL_len(L, 3);
    nac_format *list = lua_newuserdatauv(L, (size_t)n * sizeof *list + 1, 0);
    lua_Integer i;
    for (i = 0; i < n; i++) {
      lua_geti(L, 3, i + 1);
      list[i] = *nac_lua_check_format(L, -1);
      lua_pop(L, 1);
    }
    code = nac_net_set_quantiser(net, place, id, n, axis, list, scales(L, n), &err);
  }
  if (code == NAC_OK) {
    code = learn(L, net, place, id, &err);
  }
  return code != NAC_OK ? nac_lua_raise(L, &err) : 0;
}

/* net:add_step(place [, n = 1]): declares n steps that are trained, a parameter ".step", before the net has weights */
int nac_lua_net_add_step(lua_State *L)
{
  nac_net *net = nac_lua_check_net(L, 1)->net;
  int id;
  const nac_place place = check_place(L, net, &id);
  nac_error err;
  if (nac_net_add_step(net, place, id, (int64_t)luaL_optinteger(L, 3, 1), &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  return 0;
}

/* net:quantiser(place) -> list of formats, scale (0 = powers of two; a list where there are several), elements that
 * share a format before the next one's turn, "powers" or "free" where steps are learned; or nil */
int nac_lua_net_quantiser(lua_State *L)
{
  const nac_net *net = nac_lua_check_net(L, 1)->net;
  int id;
  const nac_place place = check_place(L, net, &id);
  const nac_quantiser *q = nac_net_quantiser(net, place, id);
  int64_t i;
  if (q == NULL) {
    lua_pushnil(L);
    return 1;
  }
  nac_net_follow_steps(net);
  lua_createtable(L, (int)q->n, 0);
  for (i = 0; i < q->n; i++) {
    nac_lua_push_format(L, &q->format[i]);
    lua_seti(L, -2, i + 1);
  }
  if (nac_quantiser_is_scaled(q) && q->n > 1) {
    lua_createtable(L, (int)q->n, 0);
    for (i = 0; i < q->n; i++) {
      lua_pushnumber(L, nac_quantiser_step(q, i));
      lua_seti(L, -2, i + 1);
    }
  } else {
    lua_pushnumber(L, nac_quantiser_is_scaled(q) ? nac_quantiser_step(q, 0) : 0);
  }
  lua_pushinteger(L, (lua_Integer)q->inner);
  lua_pushstring(L, q->learned == NULL ? NULL : q->is_free ? "free" : "powers");
  return 4;
}

/* net:set_mask(parameter, u8 tensor of its shape | nil): elements that are 0 are
 * pruned: they become zero and stay so in training */
int nac_lua_net_set_mask(lua_State *L)
{
  nac_net *net = nac_lua_check_net(L, 1)->net;
  const int id = find_parameter(L, net, 2);
  const nac_net_tensor p = nac_net_get(net, NAC_PARAMETER, id);
  nac_error err;
  if (lua_isnoneornil(L, 3)) {
    return nac_net_set_mask(net, id, NULL, &err);
  }
  {
    const nac_tensor *t = nac_lua_check_tensor(L, 3);
    if (t->dtype != NAC_U8 || !nac_tensor_is_contiguous(t) || t->rank != p.rank ||
        memcmp(t->dim, p.dim, (size_t)p.rank * sizeof *p.dim) != 0) {
      char want[96];
      char got[96];
      nac_shape_text(want, sizeof want, p.rank, p.dim);
      nac_shape_text(got, sizeof got, t->rank, t->dim);
      return luaL_error(L, "the mask of '%s' is a contiguous u8 tensor of %s, got %s %s", p.name, want,
                        nac_dtype_name(t->dtype), got);
    }
    return nac_net_set_mask(net, id, nac_tensor_data(t), &err) != NAC_OK ? nac_lua_raise(L, &err) : 0;
  }
}

/* net:mask(parameter) -> a u8 tensor of its own, or nil where nothing is pruned */
int nac_lua_net_mask(lua_State *L)
{
  const nac_net *net = nac_lua_check_net(L, 1)->net;
  const nac_net_tensor p = nac_net_get(net, NAC_PARAMETER, find_parameter(L, net, 2));
  nac_tensor *t;
  nac_error err;
  if (p.mask == NULL) {
    lua_pushnil(L);
    return 1;
  }
  if (nac_tensor_new(&t, NAC_U8, p.rank, p.dim, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  memcpy(nac_tensor_data(t), p.mask, (size_t)p.n);
  nac_lua_push_tensor(L, t);
  return 1;
}
