/* Tensors from and to Lua tables. */
#include "bind/tensor_bind.h"
#include "kern/k_tensor_convert.h"

/* The shape of the nested table at the top of the stack, by its first entries. */
static int table_shape(lua_State *L, int64_t *dim)
{
  int rank = 0;
  int top = lua_gettop(L);
  while (lua_istable(L, -1)) {
    if (rank == NAC_MAX_RANK) {
      return luaL_error(L, "a tensor has at most %d dimensions: the table is nested deeper", NAC_MAX_RANK);
    }
    luaL_checkstack(L, 2, "table nested too deep");
    dim[rank] = (int64_t)luaL_len(L, -1);
    if (lua_geti(L, -1, 1) == LUA_TNIL && dim[rank] > 0) {
      return luaL_error(L, "the table has a hole: entry 1 of %d is nil", (int)dim[rank]);
    }
    rank++;
  }
  lua_settop(L, top);
  return rank;
}

/* "[2][3]": where in the nested table `at` the filling is. */
static const char *place(lua_State *L, int depth, const int64_t *at)
{
  luaL_Buffer b;
  int d;
  luaL_buffinit(L, &b);
  for (d = 0; d < depth; d++) {
    lua_pushfstring(L, "[%I]", (LUAI_UACINT)at[d]);
    luaL_addvalue(&b);
  }
  luaL_pushresult(&b);
  return lua_tostring(L, -1);
}

/* Copies the table at the top of the stack into the elements at `to`. */
static int fill(lua_State *L, const nac_tensor *t, int depth, int64_t *at, char *to)
{
  int64_t n = t->dim[depth];
  int last = depth + 1 == t->rank;
  int64_t length = (int64_t)luaL_len(L, -1);
  int64_t i;
  if (length != n) {
    return luaL_error(L, "ragged table: entry %s has %d elements, expected %d", place(L, depth, at), (int)length,
                      (int)n);
  }
  for (i = 0; i < n; i++) {
    char *here = to + i * t->stride[depth] * (int64_t)nac_dtype_size(t->dtype);
    int type = lua_geti(L, -1, i + 1);
    const char *name = luaL_typename(L, -1);
    at[depth] = i + 1;
    if (last) {
      double value = lua_tonumber(L, -1);
      if (type != LUA_TNUMBER) {
        return luaL_error(L, "entry %s must be a number, got %s", place(L, t->rank, at), name);
      }
      if (t->dtype >= NAC_I32) {
        nac_lua_check_element(L, -1, t->dtype);
      }
      if (k_store_f64(t->dtype, 1, &value, here, 1) < 1) {
        return luaL_error(L, "entry %s: %f does not fit in %s", place(L, t->rank, at), value,
                          nac_dtype_name(t->dtype));
      }
    } else if (type != LUA_TTABLE) {
      return luaL_error(L, "entry %s must be a table, got %s", place(L, depth + 1, at), name);
    } else {
      fill(L, t, depth + 1, at, here);
    }
    lua_pop(L, 1);
  }
  return 0;
}

int nac_lua_tensor_from_table(lua_State *L)
{
  nac_dtype dtype;
  nac_tensor *t;
  int64_t dim[NAC_MAX_RANK] = {0};
  int64_t at[NAC_MAX_RANK] = {0};
  nac_tensor *given = nac_lua_test_tensor(L, 1);
  luaL_argexpected(L, given != NULL || lua_istable(L, 1) || lua_type(L, 1) == LUA_TNUMBER, 1, "table of numbers");
  dtype = nac_lua_opt_dtype(L, 2, given != NULL ? given->dtype : NAC_F32);
  if (given != NULL) {
    nac_error err;
    NAC_LUA_TRY(L, err, nac_tensor_convert(&t, given, dtype, &err));
    nac_lua_push_tensor(L, t);
    return 1;
  }
  lua_settop(L, 1);
  t = nac_lua_new_tensor(L, dtype, table_shape(L, dim), dim);
  lua_pushvalue(L, 1);
  if (t->rank == 0) {
    nac_error err;
    NAC_LUA_TRY(L, err, nac_tensor_set(t, at, nac_lua_check_element(L, 1, dtype), &err));
  } else {
    fill(L, t, 0, at, nac_tensor_data(t));
  }
  lua_pop(L, 1);
  return 1;
}

static void push_level(lua_State *L, const nac_tensor *t, int depth, const char *from)
{
  int64_t i;
  if (depth == t->rank) {
    double value;
    k_load_f64(t->dtype, 1, from, 1, &value);
    nac_lua_push_element(L, t->dtype, value);
    return;
  }
  luaL_checkstack(L, 3, NULL);
  lua_createtable(L, t->dim[depth] < 1 << 20 ? (int)t->dim[depth] : 0, 0);
  for (i = 0; i < t->dim[depth]; i++) {
    push_level(L, t, depth + 1, from + i * t->stride[depth] * (int64_t)nac_dtype_size(t->dtype));
    lua_rawseti(L, -2, i + 1);
  }
}

int nac_lua_tensor_to_table(lua_State *L)
{
  nac_tensor *t;
  nac_error err;
  /* A view that nobody can close: making tables can run finalizers. */
  NAC_LUA_TRY(L, err, nac_tensor_view(&t, nac_lua_check_tensor(L, 1), &err));
  nac_lua_push_tensor(L, t);
  push_level(L, t, 0, nac_tensor_data(t));
  return 1;
}
