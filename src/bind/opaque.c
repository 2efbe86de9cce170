/* Layers whose forward and backward are Lua functions: kind "opaque". The core
 * calls `run` in the midst of a plan; a Lua error becomes the plan's failure. */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/net_bind.h"
#include "core/mem.h"

/* A layer's functions in the registry, and the shapes of a sample. */
typedef struct functions {
  int forward;
  int backward;
  int x_rank;
  int y_rank;
  int64_t x_dim[NAC_MAX_RANK];
  int64_t y_dim[NAC_MAX_RANK];
} functions;

static lua_State *state;      /* the Lua thread whose call is at work */
static lua_State *main_state; /* for releasing */

lua_State *nac_lua_opaque_state(lua_State *L)
{
  lua_State *before = state;
  state = L;
  return before;
}

/* Pushes a tensor over memory of the plan, which Lua must not keep: it is copied. */
static nac_tensor *push_copy(lua_State *L, const nac_call *call, const void *data, int rank, const int64_t *dim)
{
  int64_t shape[NAC_MAX_RANK];
  nac_tensor *t;
  nac_error err;
  shape[0] = call->rows;
  memcpy(shape + 1, dim, (size_t)rank * sizeof *dim);
  if (nac_tensor_new(&t, call->is_double ? NAC_F64 : NAC_F32, rank + 1, shape, &err) != NAC_OK) {
    nac_lua_raise(L, &err);
    return NULL;
  }
  memcpy(nac_tensor_data(t), data, (size_t)nac_tensor_numel(t) * nac_dtype_size(t->dtype));
  nac_lua_push_tensor(L, t);
  return t;
}

/* Checks the tensor that a function returned and copies it to the plan. */
static void take_result(lua_State *L, const nac_call *call, void *to, int rank, const int64_t *dim, const char *what)
{
  const nac_tensor *t = nac_lua_test_tensor(L, -1);
  nac_tensor *copy;
  nac_error err;
  char want[96];
  nac_shape_text(want, sizeof want, rank, dim);
  if (t == NULL) {
    luaL_error(L, "%s must return a tensor, got %s", what, luaL_typename(L, -1));
    return;
  }
  if (t->rank != rank + 1 || t->dim[0] != call->rows || memcmp(t->dim + 1, dim, (size_t)rank * sizeof *dim) != 0) {
    char got[96];
    nac_shape_text(got, sizeof got, t->rank, t->dim);
    luaL_error(L, "%s must return %Ix%s numbers, got %s", what, (LUAI_UACINT)call->rows, want, got);
  }
  if (nac_tensor_convert(&copy, t, call->is_double ? NAC_F64 : NAC_F32, &err) != NAC_OK) {
    nac_lua_raise(L, &err);
    return;
  }
  memcpy(to, nac_tensor_data(copy), (size_t)nac_tensor_numel(copy) * nac_dtype_size(copy->dtype));
  nac_tensor_free(copy);
}

/* Protected: forward(x) -> y, or backward(x, y, gy) -> gx. */
static int run_protected(lua_State *L)
{
  const functions *f = lua_touserdata(L, 1);
  const nac_call *call = lua_touserdata(L, 2);
  lua_rawgeti(L, LUA_REGISTRYINDEX, call->backward ? f->backward : f->forward);
  push_copy(L, call, call->x, f->x_rank, f->x_dim);
  if (call->backward) {
    push_copy(L, call, call->y, f->y_rank, f->y_dim);
    push_copy(L, call, call->gy, f->y_rank, f->y_dim);
    lua_call(L, 3, 1);
    take_result(L, call, call->gx, f->x_rank, f->x_dim, "backward");
  } else {
    lua_call(L, 1, 1);
    take_result(L, call, call->y, f->y_rank, f->y_dim, "forward");
  }
  return 0;
}

/* Makes a text of an error value, still protected: __tostring may fail as well. */
static int to_text(lua_State *L)
{
  luaL_tolstring(L, 1, NULL);
  return 1;
}

static int run(void *data, const nac_call *call, nac_error *err)
{
  lua_State *L = state;
  nac_call copy = *call;
  int code = NAC_OK;
  if (!lua_checkstack(L, 8)) {
    return nac_fail(err, NAC_ENOMEM, "no room on Lua's stack");
  }
  lua_pushcfunction(L, to_text);
  lua_pushcfunction(L, run_protected);
  lua_pushlightuserdata(L, data);
  lua_pushlightuserdata(L, &copy);
  if (lua_pcall(L, 2, 0, -4) != LUA_OK) {
    const char *text = lua_tostring(L, -1); /* a text also where to_text failed, or no text at all */
    code = nac_fail(err, NAC_EINVAL, "%s", text != NULL ? text : "an error without a text");
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return code;
}

static void release(void *data)
{
  functions *f = data;
  luaL_unref(main_state, LUA_REGISTRYINDEX, f->forward);
  luaL_unref(main_state, LUA_REGISTRYINDEX, f->backward);
  nac_free(f);
}

static int function_field(lua_State *L, const char *name)
{
  if (lua_getfield(L, 2, name) != LUA_TFUNCTION) {
    return luaL_error(L, "an opaque layer needs %s, a function, got %s", name, luaL_typename(L, -1));
  }
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

void nac_lua_opaque_bind(lua_State *L, nac_net *net, int layer)
{
  const nac_layer_info info = nac_net_layer(net, layer);
  functions *f = nac_calloc(1, sizeof *f);
  nac_callback callback = {.run = run, .release = release, .data = f};
  const int64_t *dim;
  if (f == NULL) {
    luaL_error(L, "out of memory for layer '%s'", info.name);
    return;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  main_state = lua_tothread(L, -1);
  lua_pop(L, 1);
  f->forward = LUA_NOREF;
  f->backward = LUA_NOREF;
  f->x_rank = nac_net_value_shape(net, info.inputs[0], &dim);
  memcpy(f->x_dim, dim, (size_t)f->x_rank * sizeof *dim);
  f->y_rank = nac_net_value_shape(net, info.output, &dim);
  memcpy(f->y_dim, dim, (size_t)f->y_rank * sizeof *dim);
  nac_net_set_callback(net, layer, &callback); /* the net frees f from here on */
  f->forward = function_field(L, "forward");
  f->backward = function_field(L, "backward");
}
