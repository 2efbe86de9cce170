/* nac.c.train: trainers, metatable "nac.trainer". lua/nac/train.lua is the
 * public module over it. */
#include <lauxlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "bind/net_bind.h"
#include "bind/data_bind.h"
#include "core/cpu.h"
#include "core/train.h"

#define META "nac.trainer"

typedef struct handle {
  nac_trainer *trainer; /* NULL once closed */
  nac_net_box *box;
  nac_loss loss;
} handle;

static handle *check(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, META);
  if (h->trainer == NULL) {
    luaL_argerror(L, 1, "the trainer is closed");
  }
  return h;
}

nac_loss nac_lua_check_loss(lua_State *L, const char *name)
{
  const int loss = nac_loss_find(name);
  if (loss < 0) {
    luaL_error(L, "unknown loss '%s'; allowed: cross_entropy, mse", name);
  }
  return (nac_loss)loss;
}

int nac_lua_opt_reference(lua_State *L, int index)
{
  const lua_Integer bits = nac_lua_opt_integer_field(L, index, "reference", 0);
  if (bits != 0 && bits != 32 && bits != 64) {
    luaL_error(L, "option 'reference' must be 0 (fast kernels), 32 or 64 (bits of the naive ones), got %I",
               (LUAI_UACINT)bits);
  }
  return (int)bits;
}

static int check_samples(lua_State *L, int index, const nac_net *net, const nac_tensor *x)
{
  const int64_t *dim;
  const int rank = nac_net_value_shape(net, 0, &dim);
  if (x->rank != rank + 1 || memcmp(x->dim + 1, dim, (size_t)rank * sizeof *dim) != 0) {
    char want[96];
    char got[96];
    nac_shape_text(want, sizeof want, rank, dim);
    nac_shape_text(got, sizeof got, x->rank, x->dim);
    return luaL_error(L, "samples of shape Nx%s expected (the net's input), got %s", want, got);
  }
  if (x->dtype != NAC_F32 || !nac_tensor_is_contiguous(x)) {
    return luaL_argerror(L, index, "samples must be a contiguous f32 tensor; use :to('f32') or :contiguous()");
  }
  return 0;
}

nac_data nac_lua_check_data(lua_State *L, int xi, int yi, const nac_net *net, nac_loss loss)
{
  nac_data data;
  const nac_tensor *x = nac_lua_check_tensor(L, xi);
  const nac_tensor *y = nac_lua_check_tensor(L, yi);
  const int64_t *dim;
  int64_t outputs = 1;
  int rank = nac_net_value_shape(net, nac_net_output(net), &dim);
  memset(&data, 0, sizeof data);
  while (rank > 0) {
    outputs *= dim[--rank];
  }
  check_samples(L, xi, net, x);
  data.n = x->dim[0];
  data.x = nac_tensor_data(x);
  if (y->rank < 1 || y->dim[0] != data.n) {
    luaL_error(L, "%I samples but %I answers", (LUAI_UACINT)data.n, (LUAI_UACINT)(y->rank < 1 ? 1 : y->dim[0]));
  }
  if (!nac_tensor_is_contiguous(y)) {
    luaL_argerror(L, yi, "answers must be contiguous; use :contiguous()");
  }
  if (loss == NAC_CROSS_ENTROPY) {
    if (y->dtype != NAC_I32 || y->rank != 1) {
      luaL_argerror(L, yi, "cross_entropy takes labels: an i32 tensor of one dimension, counted from 0");
    }
    data.label = nac_tensor_data(y);
  } else {
    if (y->dtype != NAC_F32 || nac_tensor_numel(y) != data.n * outputs) {
      luaL_error(L, "mse takes an f32 tensor of %I numbers a sample", (LUAI_UACINT)outputs);
    }
    data.target = nac_tensor_data(y);
  }
  return data;
}

void nac_lua_push_score(lua_State *L, const nac_score *score, nac_loss loss)
{
  const double n = (double)score->rows;
  lua_createtable(L, 0, 3);
  lua_pushnumber(L, score->loss / n);
  lua_setfield(L, -2, "loss");
  if (loss == NAC_CROSS_ENTROPY) {
    lua_pushnumber(L, (double)score->correct / n);
    lua_setfield(L, -2, "accuracy");
  }
  lua_pushinteger(L, (lua_Integer)score->rows);
  lua_setfield(L, -2, "n");
}

static const char *field_string(lua_State *L, int index, const char *name, const char *otherwise)
{
  const char *s = otherwise;
  if (lua_getfield(L, index, name) == LUA_TSTRING) {
    s = lua_tostring(L, -1); /* lives on in the table */
  } else if (!lua_isnil(L, -1)) {
    luaL_error(L, "option '%s' must be a string, got %s", name, luaL_typename(L, -1));
  }
  lua_pop(L, 1);
  return s;
}

static void read_options(lua_State *L, int at, nac_trainer_options *o)
{
  const char *kind = field_string(L, at, "optimizer", "adam");
  const int found = nac_optimiser_find(kind);
  if (found < 0) {
    luaL_error(L, "unknown optimizer '%s'; allowed: adam, sgd", kind);
  }
  memset(o, 0, sizeof *o);
  o->loss = nac_lua_check_loss(L, field_string(L, at, "loss", "cross_entropy"));
  o->batch = nac_lua_opt_integer_field(L, at, "batch", 128);
  o->max_rows = nac_lua_opt_integer_field(L, at, "max_rows", 0);
  o->seed = (uint64_t)nac_lua_opt_integer_field(L, at, "seed", 0);
  o->reference = nac_lua_opt_reference(L, at);
  o->piece = nac_lua_opt_integer_field(L, at, "piece", 0);
  o->optimiser.kind = (nac_optimiser_kind)found;
  o->optimiser.beta1 = nac_lua_opt_number_field(L, at, "beta1", 0.9);
  o->optimiser.beta2 = nac_lua_opt_number_field(L, at, "beta2", 0.999);
  o->optimiser.eps = nac_lua_opt_number_field(L, at, "eps", 1e-8);
  o->optimiser.momentum = nac_lua_opt_number_field(L, at, "momentum", 0);
  o->optimiser.nesterov = nac_lua_opt_boolean_field(L, at, "nesterov", 0);
  o->optimiser.l1 = nac_lua_opt_number_field(L, at, "l1", 0);
  o->optimiser.l2 = nac_lua_opt_number_field(L, at, "l2", 0);
}

/* train.new(net, {loss=, batch=, max_rows=, seed=, optimizer=, ...}) -> nac.trainer */
static int l_new(lua_State *L)
{
  nac_net_box *box = nac_lua_check_net(L, 1);
  nac_trainer_options o;
  nac_error err;
  handle *h;
  luaL_checktype(L, 2, LUA_TTABLE);
  read_options(L, 2, &o);
  h = lua_newuserdatauv(L, sizeof *h, 0);
  memset(h, 0, sizeof *h);
  luaL_setmetatable(L, META);
  if (nac_trainer_new(&h->trainer, box->net, &o, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  h->loss = o.loss;
  h->box = box;
  box->refs++;
  return 1;
}

/* Pushes the score, or nil, message, "nan" | "interrupted" | "invalid". */
static int answer(lua_State *L, const handle *h, int code, const nac_score *score, const nac_error *err)
{
  if (code != NAC_OK) {
    nac_lua_nil_error(L, err);
    lua_pushstring(L, code == NAC_ENAN ? "nan" : code == NAC_EINTR ? "interrupted" : "invalid");
    return 3;
  }
  nac_lua_push_score(L, score, h->loss);
  return 1;
}

/* trainer:epoch(x, y, epoch, lr) -> {loss, accuracy, n} */
static int l_epoch(lua_State *L)
{
  handle *h = check(L);
  const nac_data data = nac_lua_check_data(L, 2, 3, h->box->net, h->loss);
  nac_score score;
  nac_error err;
  const int code =
    nac_trainer_epoch(h->trainer, &data, luaL_checkinteger(L, 4), luaL_checknumber(L, 5), &score, &err);
  return answer(L, h, code, &score, &err);
}

/* trainer:evaluate(x, y) -> {loss, accuracy, n} */
static int l_evaluate(lua_State *L)
{
  handle *h = check(L);
  const nac_data data = nac_lua_check_data(L, 2, 3, h->box->net, h->loss);
  nac_score score;
  nac_error err;
  const int code = nac_trainer_evaluate(h->trainer, &data, &score, &err);
  return answer(L, h, code, &score, &err);
}

static int l_close(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, META);
  nac_trainer_free(h->trainer);
  nac_net_box_release(h->box);
  h->trainer = NULL;
  h->box = NULL;
  return 0;
}

static const luaL_Reg functions[] = {
  {"new", l_new},
  {NULL, NULL},
};

static const luaL_Reg methods[] = {
  {"epoch", l_epoch},
  {"evaluate", l_evaluate},
  {"close", l_close},
  {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
  {"__gc", l_close},
  {"__close", l_close},
  {NULL, NULL},
};

int luaopen_nac_c_train(lua_State *L)
{
  nac_error err;
  if (nac_cpu_start(&err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  if (luaL_newmetatable(L, META)) {
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
  }
  luaL_newlib(L, functions);
  return 1;
}
