/* Arithmetic methods of tensors and the module functions that join and draw. */
#include <math.h>

#include "bind/rng.h"
#include "bind/tensor_bind.h"
#include "core/tensor_math.h"

/* The operand at `index`, a tensor or a number beside a tensor of `beside`. */
static const nac_tensor *check_operand(lua_State *L, int index, nac_dtype beside, nac_scalar *scalar)
{
  if (lua_type(L, index) == LUA_TNUMBER) {
    return nac_scalar_set(scalar, (double)lua_tonumber(L, index), lua_isinteger(L, index), beside);
  }
  if (!lua_isuserdata(L, index)) {
    luaL_typeerror(L, index, "nac.tensor or number");
  }
  return nac_lua_check_tensor(L, index);
}

/* The functions of one family differ in the operation only, which is the
 * upvalue that `add_operations` below gives them. */
static int operation(lua_State *L)
{
  return (int)lua_tointeger(L, lua_upvalueindex(1));
}

/* t:add(u), t + u, 1 - t, t:gt(u), ... */
static int l_binary(lua_State *L)
{
  nac_binary op = (nac_binary)operation(L);
  nac_scalar scalar;
  const nac_tensor *a;
  const nac_tensor *b;
  nac_tensor *out;
  nac_error err;
  if (lua_type(L, 1) == LUA_TNUMBER) { /* as in 1 - t */
    b = nac_lua_check_tensor(L, 2);
    a = check_operand(L, 1, b->dtype, &scalar);
  } else {
    a = nac_lua_check_tensor(L, 1);
    b = check_operand(L, 2, a->dtype, &scalar);
  }
  NAC_LUA_TRY(L, err, nac_tensor_binary(&out, op, a, b, &err));
  nac_lua_push_tensor(L, out);
  return 1;
}

/* t:add_(u), ... -> t */
static int l_binary_in_place(lua_State *L)
{
  nac_binary op = (nac_binary)operation(L);
  nac_scalar scalar;
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  const nac_tensor *b = check_operand(L, 2, t->dtype, &scalar);
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_binary_in_place(t, op, b, &err));
  lua_settop(L, 1);
  return 1;
}

/* t:exp(), -t, ... */
static int l_unary(lua_State *L)
{
  nac_unary op = (nac_unary)operation(L);
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  nac_tensor *out;
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_unary(&out, op, t, &err));
  nac_lua_push_tensor(L, out);
  return 1;
}

/* t:exp_(), ... -> t */
static int l_unary_in_place(lua_State *L)
{
  nac_unary op = (nac_unary)operation(L);
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_unary_in_place(t, op, &err));
  lua_settop(L, 1);
  return 1;
}

/* Bounds `t` in place from `lo` and `hi` at 2 and 3; either may be nil. */
static int clamp_in_place(lua_State *L, nac_tensor *t)
{
  nac_scalar scalar;
  nac_error err;
  if (!lua_isnoneornil(L, 2)) {
    const nac_tensor *lo = check_operand(L, 2, t->dtype, &scalar);
    NAC_LUA_TRY(L, err, nac_tensor_binary_in_place(t, NAC_MAX, lo, &err));
  }
  if (!lua_isnoneornil(L, 3)) {
    const nac_tensor *hi = check_operand(L, 3, t->dtype, &scalar);
    NAC_LUA_TRY(L, err, nac_tensor_binary_in_place(t, NAC_MIN, hi, &err));
  }
  return 0;
}

/* t:clamp_(lo, hi) -> t */
static int l_clamp_(lua_State *L)
{
  clamp_in_place(L, nac_lua_check_tensor(L, 1));
  lua_settop(L, 1);
  return 1;
}

/* t:clamp(lo, hi) */
static int l_clamp(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  nac_tensor *out;
  nac_error err;
  lua_settop(L, 3);
  NAC_LUA_TRY(L, err, nac_tensor_convert(&out, t, t->dtype, &err));
  nac_lua_push_tensor(L, out);
  clamp_in_place(L, out);
  return 1;
}

/* Whether a reduction of a tensor of `dtype` to one number gives an integer. */
static int gives_integer(nac_reduction op, nac_dtype dtype)
{
  return op == NAC_ARGMAX || op == NAC_ARGMIN ||
         (dtype >= NAC_I32 && (op == NAC_SUM || op == NAC_REDUCE_MAX || op == NAC_REDUCE_MIN));
}

/* t:op() -> number; t:op(dim, {keep=false, correction=0}) -> tensor; a table
 * alone stands for options of the first form. */
static int l_reduce(lua_State *L)
{
  nac_reduction op = (nac_reduction)operation(L);
  nac_tensor *t;
  nac_reduce_options options = {0, 0, 1};
  nac_tensor *out;
  nac_error err;
  double number;
  int at = lua_istable(L, 2) ? 2 : 3;
  nac_lua_check_tensor(L, 1);
  if (!lua_isnoneornil(L, at)) {
    luaL_checktype(L, at, LUA_TTABLE);
    options.keep = nac_lua_opt_boolean_field(L, at, "keep", 0);
    options.correction = nac_lua_opt_number_field(L, at, "correction", 0);
  }
  t = nac_lua_check_tensor(L, 1); /* again: the options may have metamethods */
  if (at == 3 && !lua_isnoneornil(L, 2)) {
    int axis = nac_lua_check_axis(L, 2, t);
    NAC_LUA_TRY(L, err, nac_tensor_reduce(&out, op, t, axis, &options, &err));
    nac_lua_push_tensor(L, out);
    return 1;
  }
  NAC_LUA_TRY(L, err, nac_tensor_reduce_all(&number, op, t, &options, &err));
  if (gives_integer(op, t->dtype)) {
    lua_pushinteger(L, (lua_Integer)number);
  } else {
    lua_pushnumber(L, number);
  }
  return 1;
}

/* a:matmul(b) */
static int l_matmul(lua_State *L)
{
  nac_tensor *a = nac_lua_check_tensor(L, 1);
  nac_tensor *b = nac_lua_check_tensor(L, 2);
  nac_tensor *out;
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_matmul(&out, a, b, &err));
  nac_lua_push_tensor(L, out);
  return 1;
}

/* t:rows(index): copies of rows; index is an i32 tensor or a list, from 1 */
static int l_rows(lua_State *L)
{
  nac_tensor *t;
  nac_tensor *index;
  nac_tensor *out;
  nac_error err;
  nac_lua_check_tensor(L, 1);
  if (lua_istable(L, 2)) {
    lua_pushcfunction(L, nac_lua_tensor_from_table);
    lua_pushvalue(L, 2);
    lua_pushliteral(L, "i32");
    lua_call(L, 2, 1);
    lua_replace(L, 2);
  }
  t = nac_lua_check_tensor(L, 1);
  index = nac_lua_check_tensor(L, 2);
  NAC_LUA_TRY(L, err, nac_tensor_rows(&out, t, index, 1, &err));
  nac_lua_push_tensor(L, out);
  return 1;
}

/* t:equal(u) -> boolean: same shape, same numbers; types may differ */
static int l_equal(lua_State *L)
{
  nac_tensor *a = nac_lua_check_tensor(L, 1);
  lua_pushboolean(L, nac_tensor_allclose(a, nac_lua_check_tensor(L, 2), 0, 0));
  return 1;
}

/* t:allclose(u, rtol=1e-5, atol=1e-8) -> boolean */
static int l_allclose(lua_State *L)
{
  nac_tensor *a = nac_lua_check_tensor(L, 1);
  nac_tensor *b = nac_lua_check_tensor(L, 2);
  lua_pushboolean(L, nac_tensor_allclose(a, b, luaL_optnumber(L, 3, 1e-5), luaL_optnumber(L, 4, 1e-8)));
  return 1;
}

/* t:isfinite() -> boolean: no NaN and no infinity in it */
static int l_isfinite(lua_State *L)
{
  lua_pushboolean(L, nac_tensor_isfinite(nac_lua_check_tensor(L, 1)));
  return 1;
}

/* --- Module functions ------------------------------------------------------ */

/* Reads the list of tensors at 1 into memory that Lua owns; 2 is the dimension.
 * The tensors are only looked at once no more code of the user can run (a
 * metamethod of the list, a finalizer) and close one. */
static nac_tensor **check_list(lua_State *L, int *n)
{
  nac_tensor **list;
  lua_Integer len;
  lua_Integer i;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  len = luaL_len(L, 1);
  luaL_argcheck(L, len >= 1 && len < 1 << 28, 1, "a list of at least one tensor expected");
  list = lua_newuserdatauv(L, (size_t)len * sizeof(nac_tensor *), 1);
  lua_createtable(L, (int)len, 0); /* keeps the tensors alive whatever happens to the list */
  for (i = 1; i <= len; i++) {
    lua_geti(L, 1, i);
    lua_rawseti(L, -2, i);
  }
  for (i = 1; i <= len; i++) {
    lua_rawgeti(L, -1, i);
    list[i - 1] = nac_lua_test_tensor(L, -1);
    if (list[i - 1] == NULL) {
      luaL_error(L, "entry %d of the list must be an open tensor, got %s", (int)i, luaL_typename(L, -1));
    }
    lua_pop(L, 1);
  }
  lua_setiuservalue(L, -2, 1);
  *n = (int)len;
  return list;
}

/* tensor.concat(list, dim=1) */
static int l_concat(lua_State *L)
{
  int n;
  nac_tensor **list = check_list(L, &n);
  int axis = lua_isnoneornil(L, 2) ? 0 : nac_lua_check_axis(L, 2, list[0]);
  nac_tensor *out;
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_concat(&out, n, list, axis, &err));
  nac_lua_push_tensor(L, out);
  return 1;
}

/* tensor.stack(list, dim=1) */
static int l_stack(lua_State *L)
{
  int n;
  nac_tensor **list = check_list(L, &n);
  int axis = lua_isnoneornil(L, 2) ? 0 : (int)nac_lua_check_position(L, 2, list[0]->rank + 1);
  nac_tensor *out;
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_stack(&out, n, list, axis, &err));
  nac_lua_push_tensor(L, out);
  return 1;
}

/* tensor.arange(last) or (first, last, step=1, dtype): as `for` counts; i32 if
 * first and step are integers, else f32 */
static int l_arange(lua_State *L)
{
  double first;
  double last;
  double step;
  double n;
  nac_dtype dtype;
  nac_tensor *out;
  nac_error err;
  luaL_checknumber(L, 1);
  if (lua_isnoneornil(L, 2)) {
    lua_pushinteger(L, 1);
    lua_insert(L, 1);
  }
  first = luaL_checknumber(L, 1);
  last = luaL_checknumber(L, 2);
  step = luaL_optnumber(L, 3, 1);
  dtype = lua_isinteger(L, 1) && (lua_isnoneornil(L, 3) || lua_isinteger(L, 3)) ? NAC_I32 : NAC_F32;
  dtype = nac_lua_opt_dtype(L, 4, dtype);
  luaL_argcheck(L, step != 0, 3, "the step is 0");
  n = floor((last - first) / step * (1 + 1e-12)) + 1; /* 0.1, 0.2, .. 1 has its last */
  if (!(n < 1e15)) {
    return luaL_error(L, "a range of too many numbers");
  }
  NAC_LUA_TRY(L, err, nac_tensor_arange(&out, dtype, first, step, n > 0 ? (int64_t)n : 0, &err));
  nac_lua_push_tensor(L, out);
  return 1;
}

/* The stream named by the options at 2: `rng`, or (seed, purpose); without a
 * seed one is drawn from math.random. */
static nac_rng *check_stream(lua_State *L, nac_rng *own, const char *purpose)
{
  lua_Integer seed;
  if (lua_isnoneornil(L, 2)) {
    lua_newtable(L);
    lua_insert(L, 2);
  }
  luaL_checktype(L, 2, LUA_TTABLE);
  if (lua_getfield(L, 2, "rng") != LUA_TNIL) {
    nac_rng *given = nac_lua_test_rng(L, -1);
    if (given == NULL) {
      luaL_error(L, "option 'rng' must be a random stream, got %s", luaL_typename(L, -1));
    }
    return given; /* stays on the stack, so that it stays */
  }
  if (lua_getfield(L, 2, "seed") != LUA_TNIL) {
    int ok;
    seed = lua_tointegerx(L, -1, &ok);
    if (!ok) {
      luaL_error(L, "option 'seed' must be an integer, got %s", luaL_tolstring(L, -1, NULL));
    }
  } else {
    lua_getglobal(L, "math");
    lua_getfield(L, -1, "random");
    lua_pushinteger(L, 0);
    lua_call(L, 1, 1);
    seed = lua_tointeger(L, -1);
  }
  if (lua_getfield(L, 2, "purpose") != LUA_TNIL) {
    purpose = lua_tostring(L, -1);
    if (purpose == NULL) {
      luaL_error(L, "option 'purpose' must be a string");
    }
  }
  *own = nac_rng_stream((uint64_t)seed, purpose, 0, 0);
  return own;
}

static nac_tensor *new_random(lua_State *L, nac_rng *own, nac_rng **rng, const char *purpose)
{
  int64_t dim[NAC_MAX_RANK];
  int rank;
  nac_dtype dtype;
  *rng = check_stream(L, own, purpose);
  lua_getfield(L, 2, "dtype");
  dtype = nac_lua_opt_dtype(L, -1, NAC_F32);
  rank = nac_lua_check_sizes(L, 1, dim);
  return nac_lua_new_tensor(L, dtype, rank, dim);
}

/* tensor.rand(shape, {seed=, purpose="rand", rng=, lo=0, hi=1, dtype="f32"}) */
static int l_rand(lua_State *L)
{
  nac_rng own;
  nac_rng *rng;
  nac_tensor *t = new_random(L, &own, &rng, "rand");
  double lo = nac_lua_opt_number_field(L, 2, "lo", 0);
  double hi = nac_lua_opt_number_field(L, 2, "hi", 1);
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_fill_uniform(t, rng, lo, hi, &err));
  return 1;
}

/* tensor.randn(shape, {seed=, purpose="randn", rng=, mean=0, sd=1, dtype="f32"}) */
static int l_randn(lua_State *L)
{
  nac_rng own;
  nac_rng *rng;
  nac_tensor *t = new_random(L, &own, &rng, "randn");
  double mean = nac_lua_opt_number_field(L, 2, "mean", 0);
  double sd = nac_lua_opt_number_field(L, 2, "sd", 1);
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_fill_normal(t, rng, mean, sd, &err));
  return 1;
}

typedef struct named_operation {
  const char *name;
  int operation;
} named_operation;

static const named_operation binary_arithmetic[] = {
  {"add", NAC_ADD}, {"sub", NAC_SUB},     {"mul", NAC_MUL},     {"div", NAC_DIV}, {"idiv", NAC_IDIV},
  {"mod", NAC_MOD}, {"pow", NAC_POW}, {"maximum", NAC_MAX}, {"minimum", NAC_MIN}, {NULL, 0},
};

static const named_operation comparisons[] = {
  {"gt", NAC_GT}, {"lt", NAC_LT}, {"ge", NAC_GE}, {"le", NAC_LE}, {"eq", NAC_EQ}, {"ne", NAC_NE}, {NULL, 0},
};

static const named_operation unary[] = {
  {"neg", NAC_NEG},   {"abs", NAC_ABS},     {"sign", NAC_SIGN}, {"floor", NAC_FLOOR}, {"ceil", NAC_CEIL},
  {"round", NAC_ROUND}, {"exp", NAC_EXP},     {"log", NAC_LOG},   {"sqrt", NAC_SQRT},   {"tanh", NAC_TANH},
  {"sigmoid", NAC_SIGMOID}, {"relu", NAC_RELU}, {NULL, 0},
};

static const named_operation reductions[] = {
  {"sum", NAC_SUM},        {"mean", NAC_MEAN},      {"var", NAC_VAR},       {"std", NAC_STD}, {"max", NAC_REDUCE_MAX},
  {"min", NAC_REDUCE_MIN}, {"argmax", NAC_ARGMAX}, {"argmin", NAC_ARGMIN}, {NULL, 0},
};

static const named_operation binary_metamethods[] = {
  {"__add", NAC_ADD},   {"__sub", NAC_SUB}, {"__mul", NAC_MUL}, {"__div", NAC_DIV},
  {"__idiv", NAC_IDIV}, {"__mod", NAC_MOD}, {"__pow", NAC_POW}, {NULL, 0},
};

static const named_operation unary_metamethods[] = {
  {"__unm", NAC_NEG},
  {NULL, 0},
};

static const luaL_Reg methods[] = {
  {"clamp", l_clamp}, {"clamp_", l_clamp_},     {"matmul", l_matmul},     {"rows", l_rows},
  {"equal", l_equal}, {"allclose", l_allclose}, {"isfinite", l_isfinite}, {NULL, NULL},
};

static const luaL_Reg functions[] = {
  {"concat", l_concat}, {"stack", l_stack}, {"arange", l_arange}, {"rand", l_rand}, {"randn", l_randn}, {NULL, NULL},
};

/* Sets name .. suffix in the table at the top to `f` with the operation. */
static void add_operations(lua_State *L, const named_operation *list, lua_CFunction f, const char *suffix)
{
  for (; list->name != NULL; list++) {
    lua_pushfstring(L, "%s%s", list->name, suffix);
    lua_pushinteger(L, list->operation);
    lua_pushcclosure(L, f, 1);
    lua_rawset(L, -3);
  }
}

void nac_lua_tensor_math_open(lua_State *L, int module, int meta, int method)
{
  lua_pushvalue(L, module);
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
  lua_pushvalue(L, meta);
  add_operations(L, binary_metamethods, l_binary, "");
  add_operations(L, unary_metamethods, l_unary, "");
  lua_pop(L, 1);
  lua_pushvalue(L, method);
  luaL_setfuncs(L, methods, 0);
  add_operations(L, binary_arithmetic, l_binary, "");
  add_operations(L, binary_arithmetic, l_binary_in_place, "_");
  add_operations(L, comparisons, l_binary, "");
  add_operations(L, unary, l_unary, "");
  add_operations(L, unary, l_unary_in_place, "_");
  add_operations(L, reductions, l_reduce, "");
  lua_pop(L, 1);
}
