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
  int busy; /* a layer's Lua function is running inside of it */
} handle;

static handle *check(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, META);
  if (h->trainer == NULL) {
    luaL_argerror(L, 1, "the trainer is closed");
  }
  if (h->busy) {
    luaL_error(L, "the trainer is at work: a layer's function cannot use it");
  }
  return h;
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

static void refuse_answers(lua_State *L, const nac_loss *loss, const nac_tensor *y, int64_t outputs)
{
  char got[NAC_SHAPE_TEXT];
  nac_shape_text(got, sizeof got, y->rank, y->dim);
  if (nac_loss_takes_labels(loss, outputs)) {
    luaL_error(L, "%s takes labels: an i32 tensor of one dimension, counted from 0; or an f32 tensor of %I numbers a "
               "sample; got %s %s", nac_loss_kind_name(loss), (LUAI_UACINT)outputs, nac_dtype_name(y->dtype), got);
  }
  luaL_error(L, "%s takes an f32 tensor of %I numbers a sample, got %s %s", nac_loss_kind_name(loss),
             (LUAI_UACINT)outputs, nac_dtype_name(y->dtype), got);
}

nac_data nac_lua_check_data(lua_State *L, int xi, int yi, const nac_net *net, const nac_loss *loss)
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
  if (y->dtype == NAC_I32 && nac_loss_takes_labels(loss, outputs)) {
    if (y->rank != 1) {
      luaL_argerror(L, yi, "labels are an i32 tensor of one dimension, counted from 0");
    }
    data.label = nac_tensor_data(y);
    return data;
  }
  if (y->dtype != NAC_F32 || nac_tensor_numel(y) != data.n * outputs) {
    refuse_answers(L, loss, y, outputs);
  }
  data.target = nac_tensor_data(y);
  return data;
}

void nac_lua_push_score(lua_State *L, const nac_score *score)
{
  lua_createtable(L, 0, 3);
  lua_pushnumber(L, score->weight > 0 ? score->loss / score->weight : 0);
  lua_setfield(L, -2, "loss");
  if (score->judged > 0) {
    lua_pushnumber(L, (double)score->correct / (double)score->judged);
    lua_setfield(L, -2, "accuracy");
  }
  lua_pushinteger(L, (lua_Integer)score->rows);
  lua_setfield(L, -2, "n");
  if (score->weight != (double)score->rows) { /* class weights */
    lua_pushnumber(L, score->weight);
    lua_setfield(L, -2, "weight");
  }
}

static nac_optimiser_kind check_optimiser(lua_State *L, int at)
{
  const char *name = "adam";
  int kind;
  if (lua_getfield(L, at, "optimizer") == LUA_TSTRING) {
    name = lua_tostring(L, -1);
  } else if (!lua_isnil(L, -1)) {
    luaL_error(L, "option 'optimizer' must be a string, got %s", luaL_typename(L, -1));
  }
  kind = nac_optimiser_find(name);
  if (kind < 0) {
    nac_lua_refuse_word(L, "optimizer", name, nac_optimiser_name);
  }
  lua_pop(L, 1);
  return (nac_optimiser_kind)kind;
}

static void read_optimiser(lua_State *L, int at, nac_optimiser_options *o)
{
  o->kind = check_optimiser(L, at);
  o->beta1 = nac_lua_opt_number_field(L, at, "beta1", 0.9);
  o->beta2 = nac_lua_opt_number_field(L, at, "beta2", 0.999);
  o->amsgrad = nac_lua_opt_boolean_field(L, at, "amsgrad", 0);
  o->alpha = nac_lua_opt_number_field(L, at, "alpha", 0.99);
  o->centered = nac_lua_opt_boolean_field(L, at, "centered", 0);
  o->eps = nac_lua_opt_number_field(L, at, "eps", o->kind == NAC_ADAGRAD ? 1e-10 : 1e-8);
  o->momentum = nac_lua_opt_number_field(L, at, "momentum", 0);
  o->dampening = nac_lua_opt_number_field(L, at, "dampening", 0);
  o->nesterov = nac_lua_opt_boolean_field(L, at, "nesterov", 0);
  o->weight_decay = nac_lua_opt_number_field(L, at, "weight_decay", o->kind == NAC_ADAMW ? 0.01 : 0);
  o->l1 = nac_lua_opt_number_field(L, at, "l1", 0);
  o->l2 = nac_lua_opt_number_field(L, at, "l2", 0);
  o->clip_norm = nac_lua_opt_number_field(L, at, "clip_norm", 0);
  o->clip_value = nac_lua_opt_number_field(L, at, "clip_value", 0);
}

/* Pushes what holds the memory of the loss. */
static void read_options(lua_State *L, int at, nac_trainer_options *o)
{
  memset(o, 0, sizeof *o);
  o->batch = nac_lua_opt_integer_field(L, at, "batch", 128);
  o->max_rows = nac_lua_opt_integer_field(L, at, "max_rows", 0);
  o->seed = (uint64_t)nac_lua_opt_integer_field(L, at, "seed", 0);
  o->reference = nac_lua_opt_reference(L, at);
  o->piece = nac_lua_opt_integer_field(L, at, "piece", 0);
  o->shift = nac_lua_opt_integer_field(L, at, "shift", 0);
  read_optimiser(L, at, &o->optimiser);
  if (lua_getfield(L, at, "loss") == LUA_TNIL) {
    lua_pop(L, 1);
    lua_pushliteral(L, "cross_entropy");
  }
  o->loss = nac_lua_check_loss(L, -1);
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
  h = lua_newuserdatauv(L, sizeof *h, 1);
  memset(h, 0, sizeof *h);
  luaL_setmetatable(L, META);
  lua_pushvalue(L, -2);
  lua_setiuservalue(L, -2, 1); /* the class weights live as long as the trainer */
  if (nac_trainer_new(&h->trainer, box->net, &o, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  h->loss = o.loss;
  h->box = box;
  box->refs++;
  return 1;
}

/* Pushes the score, or nil, message, "nan" | "interrupted" | "invalid". */
static int answer(lua_State *L, int code, const nac_score *score, const nac_error *err)
{
  if (code != NAC_OK) {
    nac_lua_nil_error(L, err);
    lua_pushstring(L, code == NAC_ENAN ? "nan" : code == NAC_EINTR ? "interrupted" : "invalid");
    return 3;
  }
  nac_lua_push_score(L, score);
  return 1;
}

/* trainer:steps(n) -> steps of an epoch on n rows */
static int l_steps(lua_State *L)
{
  handle *h = check(L);
  lua_pushinteger(L, (lua_Integer)nac_trainer_steps(h->trainer, luaL_checkinteger(L, 2)));
  return 1;
}

/* While a trainer works, layers may run Lua functions: samples and answers
 * (arguments 2 and 3) are held, whatever those close. */
static lua_State *enter(lua_State *L, handle *h, nac_storage **held)
{
  int i;
  for (i = 0; i < 2; i++) {
    held[i] = nac_lua_check_tensor(L, 2 + i)->storage;
    held[i]->refs++;
  }
  h->busy = 1;
  return nac_lua_opaque_state(L);
}

static void leave(handle *h, nac_storage **held, lua_State *before)
{
  int i;
  nac_lua_opaque_state(before);
  for (i = 0; i < 2; i++) {
    nac_storage_release(held[i]);
  }
  h->busy = 0;
}

/* trainer:epoch(x, y, epoch, lr [, piece = 0 [, first = 0, steps = 0]]) -> {loss, accuracy, n};
 * lr is a number, or an f64 tensor of one number a step; piece counts the pieces of one epoch;
 * with first and steps (0 = all) only those steps of it are made */
static int l_epoch(lua_State *L)
{
  handle *h = check(L);
  nac_data data = nac_lua_check_data(L, 2, 3, h->box->net, &h->loss);
  const lua_Integer epoch = luaL_checkinteger(L, 4);
  const nac_tensor *rates = nac_lua_test_tensor(L, 5);
  const double one = rates == NULL ? luaL_checknumber(L, 5) : 0;
  const double *lr = &one;
  nac_storage *held[2];
  lua_State *before;
  int code;
  int64_t n_lr = 1;
  nac_score score;
  nac_error err;
  data.piece = luaL_optinteger(L, 6, 0);
  data.first = luaL_optinteger(L, 7, 0);
  data.steps = luaL_optinteger(L, 8, 0);
  luaL_argcheck(L, data.first >= 0, 7, "steps are counted from 0");
  luaL_argcheck(L, data.steps >= 0 && data.steps <= INT32_MAX, 8, "0 (all) or a number of steps expected");
  if (rates != NULL) {
    luaL_argcheck(L, rates->dtype == NAC_F64 && nac_tensor_is_contiguous(rates), 5,
                  "learning rates are a number or a contiguous f64 tensor");
    lr = nac_tensor_data(rates);
    n_lr = nac_tensor_numel(rates);
  }
  before = enter(L, h, held);
  code = nac_trainer_epoch(h->trainer, &data, epoch, lr, n_lr, &score, &err);
  leave(h, held, before);
  return answer(L, code, &score, &err);
}

/* trainer:evaluate(x, y) -> {loss, accuracy, n} */
static int l_evaluate(lua_State *L)
{
  handle *h = check(L);
  const nac_data data = nac_lua_check_data(L, 2, 3, h->box->net, &h->loss);
  nac_score score;
  nac_error err;
  nac_storage *held[2];
  lua_State *before;
  int code;
  before = enter(L, h, held);
  code = nac_trainer_evaluate(h->trainer, &data, &score, &err);
  leave(h, held, before);
  return answer(L, code, &score, &err);
}

/* trainer:state() -> {optimizer = name, parameters = n, steps = n, NAME = f32 tensor, ...} */
static int l_state(lua_State *L)
{
  handle *h = check(L);
  nac_optimiser *o = nac_trainer_optimiser(h->trainer);
  const int64_t n = nac_net_n_elements(h->box->net, NAC_PARAMETER);
  const char *name;
  float *slot;
  int i;
  lua_createtable(L, 0, 6);
  lua_pushinteger(L, (lua_Integer)*nac_optimiser_steps(o));
  lua_setfield(L, -2, "steps");
  lua_pushstring(L, nac_optimiser_name(nac_optimiser_kind_of(o)));
  lua_setfield(L, -2, "optimizer");
  for (i = 0; (slot = nac_optimiser_slot(o, i, &name)) != NULL; i++) {
    nac_tensor *t;
    nac_error err;
    if (nac_tensor_new(&t, NAC_F32, 1, &n, &err) != NAC_OK) {
      return nac_lua_raise(L, &err);
    }
    memcpy(nac_tensor_data(t), slot, (size_t)n * sizeof *slot);
    nac_lua_push_tensor(L, t);
    lua_setfield(L, -2, name);
  }
  return 1;
}

/* The array `name` of the state at index 2; raises unless it has n floats. */
static const float *check_slot(lua_State *L, const char *name, int64_t n)
{
  const nac_tensor *t;
  lua_getfield(L, 2, name);
  t = nac_lua_test_tensor(L, -1);
  if (t == NULL || t->dtype != NAC_F32 || nac_tensor_numel(t) != n || !nac_tensor_is_contiguous(t)) {
    luaL_error(L, "the state of this optimizer holds '%s', an f32 tensor of %I numbers; the given one does not", name,
               (LUAI_UACINT)n);
  }
  return nac_tensor_data(t);
}

/* trainer:load_state(state): takes all of it, or raises and changes nothing */
static int l_load_state(lua_State *L)
{
  handle *h = check(L);
  nac_optimiser *o = nac_trainer_optimiser(h->trainer);
  const int64_t n = nac_net_n_elements(h->box->net, NAC_PARAMETER);
  const char *kind = nac_optimiser_name(nac_optimiser_kind_of(o));
  const char *name;
  float *slot;
  lua_Integer steps;
  int i;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_getfield(L, 2, "optimizer");
  if (!lua_isstring(L, -1) || strcmp(lua_tostring(L, -1), kind) != 0) {
    return luaL_error(L, "a state of optimizer '%s' expected, got '%s'", kind, luaL_tolstring(L, -1, NULL));
  }
  steps = nac_lua_opt_integer_field(L, 2, "steps", -1);
  if (steps < 0) {
    return luaL_error(L, "the state of an optimizer holds the number of its steps");
  }
  for (i = 0; nac_optimiser_slot(o, i, &name) != NULL; i++) {
    check_slot(L, name, n);
  }
  for (i = 0; (slot = nac_optimiser_slot(o, i, &name)) != NULL; i++) {
    memcpy(slot, check_slot(L, name, n), (size_t)n * sizeof *slot);
  }
  *nac_optimiser_steps(o) = steps;
  return 0;
}

static int l_close(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, META);
  if (h->busy) {
    return luaL_error(L, "the trainer is at work: a layer's function cannot close it");
  }
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
  {"steps", l_steps},
  {"state", l_state},
  {"load_state", l_load_state},
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
  return nac_lua_open_class(L, functions, META, methods, metamethods);
}
