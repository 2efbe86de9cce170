/* nac.c.tensor and the metatable "nac.tensor": making, views, elements, memory.
 * Tables are in tensor_table.c, arithmetic in tensor_math.c. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "bind/modules.h"
#include "bind/tensor_bind.h"
#include "core/cpu.h"
#include "core/mem.h"
#include "core/tensor_math.h"

#define META "nac.tensor"

typedef struct box {
  nac_tensor *t; /* NULL once closed */
} box;

/* --- Owned by Lua --------------------------------------------------------- */

/* Bytes of tensors handed to Lua that the collector has not been told of. */
static int64_t untold;
/* Set while this file collects in the middle of an operation, whose tensors
 * a finalizer must not close. */
static int collecting;

#define TELL_EVERY (1 << 20)

static void collect(lua_State *L, int what, int kilobytes)
{
  int before = collecting;
  collecting = 1;
  if (what == LUA_GCSTEP) {
    lua_gc(L, LUA_GCSTEP, kilobytes);
  } else {
    lua_gc(L, LUA_GCCOLLECT);
  }
  collecting = before;
}

void nac_lua_reclaim(lua_State *L)
{
  collect(L, LUA_GCCOLLECT, 0);
}

/* The collector sees a box of a few bytes. It is told of what hangs on it by
 * steps in proportion, or 4 MB tensors would pile up by the hundred. */
static void tell(lua_State *L, int64_t bytes)
{
  untold += bytes;
  if (untold < 0) {
    untold = 0;
  }
  if (untold >= TELL_EVERY && lua_gc(L, LUA_GCISRUNNING)) {
    int64_t kilobytes = untold / 1024;
    untold = 0;
    collect(L, LUA_GCSTEP, kilobytes < INT_MAX / 2 ? (int)kilobytes : INT_MAX / 2);
  }
}

/* Bytes that go when this one tensor goes. */
static int64_t own_bytes(const nac_tensor *t)
{
  return t->storage->refs == 1 && (!t->storage->borrowed || t->storage->owner_free != NULL) ? (int64_t)t->storage->bytes : 0;
}

static int make_box(lua_State *L)
{
  box *b = lua_newuserdatauv(L, sizeof *b, 0);
  b->t = NULL;
  if (luaL_getmetatable(L, META) == LUA_TNIL) {
    lua_pop(L, 1);
    luaL_requiref(L, "nac.c.tensor", luaopen_nac_c_tensor, 0);
    lua_pop(L, 1);
    luaL_getmetatable(L, META);
  }
  lua_setmetatable(L, -2);
  return 1;
}

void nac_lua_push_tensor(lua_State *L, nac_tensor *t)
{
  box *b;
  int ok = lua_checkstack(L, 3);
  if (ok) {
    lua_pushcfunction(L, make_box);
    ok = lua_pcall(L, 0, 1, 0) == LUA_OK;
  }
  if (!ok) {
    nac_tensor_free(t);
    luaL_error(L, "not enough memory");
    return;
  }
  b = lua_touserdata(L, -1);
  b->t = t;
  tell(L, own_bytes(t));
}

nac_tensor *nac_lua_check_tensor(lua_State *L, int index)
{
  box *b = luaL_testudata(L, index, META);
  if (b == NULL) {
    luaL_typeerror(L, index, META);
    return NULL;
  }
  luaL_argcheck(L, b->t != NULL, index, "the tensor is closed");
  return b->t;
}

nac_tensor *nac_lua_test_tensor(lua_State *L, int index)
{
  box *b = luaL_testudata(L, index, META);
  return b == NULL ? NULL : b->t;
}

nac_tensor *nac_lua_new_tensor(lua_State *L, nac_dtype dtype, int rank, const int64_t *dim)
{
  nac_tensor *t;
  nac_error err;
  int code = nac_tensor_new(&t, dtype, rank, dim, &err);
  if (code == NAC_ENOMEM) {
    nac_lua_reclaim(L);
    code = nac_tensor_new(&t, dtype, rank, dim, &err);
  }
  if (code != NAC_OK) {
    nac_lua_raise(L, &err);
  }
  nac_lua_push_tensor(L, t);
  return t;
}

/* t:close(): gives the memory back now; closing twice is allowed */
static int l_close(lua_State *L)
{
  box *b = luaL_checkudata(L, 1, META);
  if (b->t != NULL && !collecting) {
    untold -= own_bytes(b->t);
    nac_tensor_free(b->t);
    b->t = NULL;
  }
  return 0;
}

static int l_gc(lua_State *L)
{
  box *b = luaL_checkudata(L, 1, META);
  nac_tensor_free(b->t);
  b->t = NULL;
  return 0;
}

/* --- Arguments ------------------------------------------------------------ */

nac_dtype nac_lua_opt_dtype(lua_State *L, int index, nac_dtype otherwise)
{
  const char *name;
  nac_dtype d;
  if (lua_isnoneornil(L, index)) {
    return otherwise;
  }
  name = luaL_checkstring(L, index);
  for (d = NAC_F32; d <= NAC_U8; d++) {
    if (strcmp(name, nac_dtype_name(d)) == 0) {
      return d;
    }
  }
  lua_getglobal(L, "require"); /* the sentence that all enumerations use */
  lua_pushliteral(L, "nac.util.enum");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "refusal");
  lua_pushstring(L, name);
  lua_createtable(L, 4, 0);
  for (d = NAC_F32; d <= NAC_U8; d++) {
    lua_pushstring(L, nac_dtype_name(d));
    lua_seti(L, -2, d + 1);
  }
  lua_pushliteral(L, "dtype");
  lua_call(L, 3, 1);
  luaL_error(L, "%s", lua_tostring(L, -1));
  return otherwise;
}

int nac_lua_check_axis(lua_State *L, int index, const nac_tensor *t)
{
  lua_Integer d = luaL_checkinteger(L, index);
  if (d == 0 || d > t->rank || d < -t->rank) {
    char shape[NAC_SHAPE_TEXT];
    nac_shape_text(shape, sizeof shape, t->rank, t->dim);
    luaL_argerror(L, index, lua_pushfstring(L, "dimension %I of a tensor of shape %s", (LUAI_UACINT)d, shape));
  }
  return (int)(d > 0 ? d - 1 : d + t->rank);
}

int64_t nac_lua_check_position(lua_State *L, int index, int64_t n)
{
  lua_Integer i = luaL_checkinteger(L, index);
  if (i == 0 || i > n || i < -n) {
    luaL_argerror(L, index, lua_pushfstring(L, "index %I outside of 1..%I", (LUAI_UACINT)i, (LUAI_UACINT)n));
  }
  return i > 0 ? i - 1 : i + n;
}

double nac_lua_check_element(lua_State *L, int index, nac_dtype dtype)
{
  double value = luaL_checknumber(L, index);
  if (dtype >= NAC_I32 && floor(value) != value) {
    luaL_error(L, "an element of a %s tensor must be a whole number, got %f", nac_dtype_name(dtype), value);
  }
  return value;
}

void nac_lua_push_element(lua_State *L, nac_dtype dtype, double value)
{
  if (dtype >= NAC_I32) {
    lua_pushinteger(L, (lua_Integer)value);
  } else {
    lua_pushnumber(L, value);
  }
}

/* A shape given as a list at `index`, or as integers from `index` on. */
static int check_shape_arguments(lua_State *L, int index, int64_t *dim)
{
  int n = lua_gettop(L) - index + 1;
  int i;
  if (lua_istable(L, index)) {
    return nac_lua_check_shape(L, index, dim);
  }
  luaL_argcheck(L, n <= NAC_MAX_RANK, index, "a tensor has at most 8 dimensions");
  for (i = 0; i < n; i++) {
    dim[i] = (int64_t)luaL_checkinteger(L, index + i);
  }
  return n;
}

int nac_lua_check_sizes(lua_State *L, int index, int64_t *dim)
{
  if (lua_isinteger(L, index)) {
    dim[0] = (int64_t)lua_tointeger(L, index);
    return 1;
  }
  return nac_lua_check_shape(L, index, dim);
}

/* --- Making --------------------------------------------------------------- */

static int make_full(lua_State *L, double value, int dtype_index)
{
  int64_t dim[NAC_MAX_RANK];
  nac_error err;
  nac_dtype dtype = nac_lua_opt_dtype(L, dtype_index, NAC_F32);
  nac_tensor *t = nac_lua_new_tensor(L, dtype, nac_lua_check_sizes(L, 1, dim), dim);
  NAC_LUA_TRY(L, err, nac_tensor_fill(t, value, &err));
  return 1;
}

/* tensor.zeros(shape, dtype="f32") */
static int l_zeros(lua_State *L)
{
  return make_full(L, 0, 2);
}

/* tensor.ones(shape, dtype="f32") */
static int l_ones(lua_State *L)
{
  return make_full(L, 1, 2);
}

/* tensor.full(shape, value, dtype="f32") */
static int l_full(lua_State *L)
{
  return make_full(L, nac_lua_check_element(L, 2, nac_lua_opt_dtype(L, 3, NAC_F32)), 3);
}

/* tensor.is(value) -> boolean */
static int l_is(lua_State *L)
{
  lua_pushboolean(L, luaL_testudata(L, 1, META) != NULL);
  return 1;
}

/* --- What it is ------------------------------------------------------------ */

static int l_shape(lua_State *L)
{
  nac_tensor t = *nac_lua_check_tensor(L, 1); /* a finalizer could close it under push_shape */
  nac_lua_push_shape(L, t.rank, t.dim);
  return 1;
}

static int l_numel(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)nac_tensor_numel(nac_lua_check_tensor(L, 1)));
  return 1;
}

static int l_rank(lua_State *L)
{
  lua_pushinteger(L, nac_lua_check_tensor(L, 1)->rank);
  return 1;
}

/* t:size(dim) */
static int l_size(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  lua_pushinteger(L, (lua_Integer)t->dim[nac_lua_check_axis(L, 2, t)]);
  return 1;
}

static int l_dtype(lua_State *L)
{
  lua_pushstring(L, nac_dtype_name(nac_lua_check_tensor(L, 1)->dtype));
  return 1;
}

static int l_is_contiguous(lua_State *L)
{
  lua_pushboolean(L, nac_tensor_is_contiguous(nac_lua_check_tensor(L, 1)));
  return 1;
}

/* #t: the size of the first dimension */
static int l_len(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  luaL_argcheck(L, t->rank > 0, 1, "a scalar has no length");
  lua_pushinteger(L, (lua_Integer)t->dim[0]);
  return 1;
}

/* --- Views and copies ------------------------------------------------------ */

/* t:slice(dim, first=1, last=-1): view of first..last, negative from the end */
static int l_slice(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  int axis = nac_lua_check_axis(L, 2, t);
  int64_t n = t->dim[axis];
  lua_Integer first = luaL_optinteger(L, 3, 1);
  lua_Integer last = luaL_optinteger(L, 4, n);
  nac_tensor *v;
  nac_error err;
  if (first < 0) {
    first += n + 1;
  }
  if (last < 0) {
    last += n + 1;
  }
  if (first < 1 || last > n || last < first - 1) {
    return luaL_error(L, "slice %I..%I outside of dimension %d, which has %I elements", (LUAI_UACINT)first,
                      (LUAI_UACINT)last, axis + 1, (LUAI_UACINT)n);
  }
  NAC_LUA_TRY(L, err, nac_tensor_slice(&v, t, axis, first - 1, last - first + 1, &err));
  nac_lua_push_tensor(L, v);
  return 1;
}

/* t:select(dim, i): view without that dimension */
static int l_select(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  int axis = nac_lua_check_axis(L, 2, t);
  int64_t i = nac_lua_check_position(L, 3, t->dim[axis]);
  nac_tensor *v;
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_select(&v, t, axis, i, &err));
  nac_lua_push_tensor(L, v);
  return 1;
}

/* t:transpose(d1=1, d2=2) */
static int l_transpose(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  nac_tensor *v;
  nac_error err;
  lua_settop(L, 3);
  if (lua_isnil(L, 2) && lua_isnil(L, 3)) {
    lua_pushinteger(L, 1);
    lua_replace(L, 2);
    lua_pushinteger(L, 2);
    lua_replace(L, 3);
  }
  NAC_LUA_TRY(L, err, nac_tensor_transpose(&v, t, nac_lua_check_axis(L, 2, t), nac_lua_check_axis(L, 3, t), &err));
  nac_lua_push_tensor(L, v);
  return 1;
}

/* t:reshape(shape) or t:reshape(n1, n2, ...) */
static int l_reshape(lua_State *L)
{
  int64_t dim[NAC_MAX_RANK];
  int rank = check_shape_arguments(L, 2, dim); /* first: its metamethods could close t */
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  nac_tensor *v;
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_reshape(&v, t, rank, dim, &err));
  nac_lua_push_tensor(L, v);
  return 1;
}

/* t:expand(shape) or t:expand(n1, n2, ...) */
static int l_expand(lua_State *L)
{
  int64_t dim[NAC_MAX_RANK];
  int rank = check_shape_arguments(L, 2, dim); /* first: its metamethods could close t */
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  nac_tensor *v;
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_expand(&v, t, rank, dim, &err));
  nac_lua_push_tensor(L, v);
  return 1;
}

/* t:contiguous(): a view of t, or a copy if its elements do not lie in order */
static int l_contiguous(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  nac_tensor *v;
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_contiguous(&v, t, &err));
  nac_lua_push_tensor(L, v);
  return 1;
}

/* t:to(dtype): a copy in another type */
static int l_to(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  nac_dtype dtype = nac_lua_opt_dtype(L, 2, t->dtype);
  nac_tensor *c;
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_convert(&c, t, dtype, &err));
  nac_lua_push_tensor(L, c);
  return 1;
}

/* t:clone(): a copy of its own */
static int l_clone(lua_State *L)
{
  lua_settop(L, 1);
  return l_to(L);
}

/* --- Elements --------------------------------------------------------------- */

/* Reads rank indices from `first` on. */
static void check_indices(lua_State *L, int first, const nac_tensor *t, int64_t *index)
{
  int n = lua_gettop(L) - first + 1;
  int d;
  if (n != t->rank) {
    char shape[NAC_SHAPE_TEXT];
    nac_shape_text(shape, sizeof shape, t->rank, t->dim);
    luaL_error(L, "a tensor of shape %s takes %d indices, got %d", shape, t->rank, n);
  }
  for (d = 0; d < n; d++) {
    index[d] = nac_lua_check_position(L, first + d, t->dim[d]);
  }
}

/* t:get(i, j, ...) -> number */
static int l_get(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  int64_t index[NAC_MAX_RANK];
  check_indices(L, 2, t, index);
  nac_lua_push_element(L, t->dtype, nac_tensor_get(t, index));
  return 1;
}

/* t:set(value, i, j, ...) -> t */
static int l_set(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  double value = nac_lua_check_element(L, 2, t->dtype);
  int64_t index[NAC_MAX_RANK];
  nac_error err;
  check_indices(L, 3, t, index);
  NAC_LUA_TRY(L, err, nac_tensor_check_writable(t, &err));
  NAC_LUA_TRY(L, err, nac_tensor_set(t, index, value, &err));
  lua_settop(L, 1);
  return 1;
}

/* t:item() -> the number of a tensor of one element */
static int l_item(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  int64_t index[NAC_MAX_RANK] = {0};
  if (nac_tensor_numel(t) != 1) {
    char shape[NAC_SHAPE_TEXT];
    nac_shape_text(shape, sizeof shape, t->rank, t->dim);
    return luaL_error(L, "item() needs a tensor of one element, got shape %s", shape);
  }
  nac_lua_push_element(L, t->dtype, nac_tensor_get(t, index));
  return 1;
}

/* t:fill(value) -> t */
static int l_fill(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  double value = nac_lua_check_element(L, 2, t->dtype);
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_fill(t, value, &err));
  lua_settop(L, 1);
  return 1;
}

/* t:copy(src) -> t; src is broadcast and converted */
static int l_copy(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  nac_tensor *src = nac_lua_check_tensor(L, 2);
  nac_error err;
  NAC_LUA_TRY(L, err, nac_tensor_copy(t, src, &err));
  lua_settop(L, 1);
  return 1;
}

/* t[i]: number of a vector, row view otherwise; t.name: method */
static int l_index(lua_State *L)
{
  nac_tensor *t;
  int64_t i;
  if (lua_type(L, 2) != LUA_TNUMBER) {
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    return 1;
  }
  t = nac_lua_check_tensor(L, 1);
  if (t->rank == 0) {
    return luaL_error(L, "a scalar tensor cannot be indexed; use item()");
  }
  i = nac_lua_check_position(L, 2, t->dim[0]);
  if (t->rank == 1) {
    nac_lua_push_element(L, t->dtype, nac_tensor_get(t, &i));
  } else {
    nac_tensor *v;
    nac_error err;
    NAC_LUA_TRY(L, err, nac_tensor_select(&v, t, 0, i, &err));
    nac_lua_push_tensor(L, v);
  }
  return 1;
}

/* t[i] = number or tensor */
static int l_newindex(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  nac_tensor *row;
  nac_error err;
  int64_t i;
  if (lua_type(L, 2) != LUA_TNUMBER) {
    return luaL_error(L, "a tensor has no field '%s' to set", luaL_tolstring(L, 2, NULL));
  }
  if (t->rank == 0) {
    return luaL_error(L, "a scalar tensor cannot be indexed; use fill()");
  }
  i = nac_lua_check_position(L, 2, t->dim[0]);
  if (t->rank == 1) {
    double value = nac_lua_check_element(L, 3, t->dtype);
    NAC_LUA_TRY(L, err, nac_tensor_check_writable(t, &err));
    NAC_LUA_TRY(L, err, nac_tensor_set(t, &i, value, &err));
    return 0;
  }
  NAC_LUA_TRY(L, err, nac_tensor_select(&row, t, 0, i, &err));
  nac_lua_push_tensor(L, row);
  if (lua_type(L, 3) == LUA_TNUMBER) {
    NAC_LUA_TRY(L, err, nac_tensor_fill(row, nac_lua_check_element(L, 3, row->dtype), &err));
  } else {
    nac_tensor *src = nac_lua_check_tensor(L, 3);
    NAC_LUA_TRY(L, err, nac_tensor_copy(row, src, &err));
  }
  return 0;
}

static int push_text(lua_State *L)
{
  lua_pushstring(L, lua_touserdata(L, 1));
  return 1;
}

static int l_tostring(lua_State *L)
{
  nac_tensor *t = nac_lua_test_tensor(L, 1);
  char *text;
  nac_error err;
  int status;
  if (t == NULL) {
    lua_pushliteral(L, "tensor (closed)");
    return 1;
  }
  NAC_LUA_TRY(L, err, nac_tensor_text(&text, t, &err));
  lua_pushcfunction(L, push_text); /* protected, or a failure would leak the text */
  lua_pushlightuserdata(L, text);
  status = lua_pcall(L, 1, 1, 0);
  nac_free(text);
  return status == LUA_OK ? 1 : lua_error(L);
}

static const luaL_Reg functions[] = {
  {"new", nac_lua_tensor_from_table},
  {"is", l_is},
  {"zeros", l_zeros},
  {"ones", l_ones},
  {"full", l_full},
  {NULL, NULL},
};

static const luaL_Reg methods[] = {
  {"shape", l_shape},
  {"numel", l_numel},
  {"rank", l_rank},
  {"size", l_size},
  {"dtype", l_dtype},
  {"is_contiguous", l_is_contiguous},
  {"slice", l_slice},
  {"select", l_select},
  {"transpose", l_transpose},
  {"reshape", l_reshape},
  {"expand", l_expand},
  {"contiguous", l_contiguous},
  {"to", l_to},
  {"clone", l_clone},
  {"get", l_get},
  {"set", l_set},
  {"item", l_item},
  {"fill", l_fill},
  {"totable", nac_lua_tensor_to_table},
  {"copy", l_copy},
  {"close", l_close},
  {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
  {"__gc", l_gc},
  {"__close", l_close},
  {"__len", l_len},
  {"__newindex", l_newindex},
  {"__tostring", l_tostring},
  {NULL, NULL},
};

int luaopen_nac_c_tensor(lua_State *L)
{
  int module;
  nac_error err;
  if (nac_cpu_start(&err) != NAC_OK) { /* matmul runs on the chosen kernels from the first */
    return nac_lua_raise(L, &err);
  }
  luaL_newlib(L, functions);
  module = lua_gettop(L);
  luaL_newmetatable(L, META);
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  nac_lua_tensor_math_open(L, module, module + 1, module + 2);
  lua_pushvalue(L, -1);
  lua_setfield(L, module, "methods"); /* for completion and for methods in Lua */
  lua_pushcclosure(L, l_index, 1);
  lua_setfield(L, -2, "__index");
  lua_settop(L, module);
  return 1;
}
