/* nac.c.plan: plans, metatable "nac.plan": one batch at a time, for prediction,
 * gradients and specs. Whole epochs go through nac.c.train. */
#include <lauxlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/data_bind.h"
#include "bind/modules.h"
#include "bind/net_bind.h"
#include "core/cpu.h"
#include "core/plan.h"

#define META "nac.plan"

typedef struct handle {
  nac_plan *plan; /* NULL once closed */
  nac_net_box *box;
  int training;
  int64_t rows;  /* of the last forward pass; 0 = none */
  int logits;    /* which output the last loss or gradient was for */
  int has_gradient;
  int busy; /* a layer's Lua function is running inside of it */
} handle;

static handle *check(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, META);
  if (h->plan == NULL) {
    luaL_argerror(L, 1, "the plan is closed");
  }
  if (h->busy) {
    luaL_error(L, "the plan is at work: a layer's function cannot use it");
  }
  return h;
}

/* plan.new(net, {batch=, training=, reference=0|32|64, input_gradient=, piece=}) -> nac.plan */
static int l_new(lua_State *L)
{
  nac_net_box *box = nac_lua_check_net(L, 1);
  nac_plan_options o;
  nac_error err;
  handle *h;
  memset(&o, 0, sizeof o);
  luaL_checktype(L, 2, LUA_TTABLE);
  o.max_batch = nac_lua_opt_integer_field(L, 2, "batch", 128);
  o.training = nac_lua_opt_boolean_field(L, 2, "training", 0);
  o.reference = nac_lua_opt_reference(L, 2);
  o.input_gradient = nac_lua_opt_boolean_field(L, 2, "input_gradient", 0);
  o.piece = nac_lua_opt_integer_field(L, 2, "piece", 0);
  h = lua_newuserdatauv(L, sizeof *h, 0);
  memset(h, 0, sizeof *h);
  luaL_setmetatable(L, META);
  if (nac_plan_new(&h->plan, box->net, &o, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  h->training = o.training;
  h->box = box;
  box->refs++;
  return 1;
}

/* Copies n elements of the plan's type into a new tensor of that type. */
static void push_copy(lua_State *L, const handle *h, const void *data, int rank, const int64_t *dim)
{
  nac_tensor *t;
  nac_error err;
  if (nac_tensor_new(&t, nac_plan_is_double(h->plan) ? NAC_F64 : NAC_F32, rank, dim, &err) != NAC_OK) {
    nac_lua_raise(L, &err);
    return;
  }
  memcpy(nac_tensor_data(t), data, (size_t)nac_tensor_numel(t) * nac_dtype_size(t->dtype));
  nac_lua_push_tensor(L, t);
}

static void batch_shape(const handle *h, int value, int64_t rows, int *rank, int64_t *dim)
{
  const int64_t *d;
  *rank = nac_net_value_shape(h->box->net, value, &d) + 1;
  memcpy(dim + 1, d, (size_t)(*rank - 1) * sizeof *d);
  dim[0] = rows;
}

/* plan:forward(x [, seed, step]) -> the output for up to `batch` samples */
static int l_forward(lua_State *L)
{
  handle *h = check(L);
  const nac_tensor *x = nac_lua_check_tensor(L, 2);
  const uint64_t seed = (uint64_t)luaL_optinteger(L, 3, 0);
  const uint64_t step = (uint64_t)luaL_optinteger(L, 4, 0);
  lua_State *before;
  const int64_t *d;
  const int rank = nac_net_value_shape(h->box->net, 0, &d);
  int64_t dim[NAC_MAX_RANK];
  int64_t len;
  int out_rank;
  if (x->rank != rank + 1 || memcmp(x->dim + 1, d, (size_t)rank * sizeof *d) != 0 || x->dtype != NAC_F32 ||
      !nac_tensor_is_contiguous(x)) {
    char want[96];
    char got[96];
    nac_shape_text(want, sizeof want, rank, d);
    nac_shape_text(got, sizeof got, x->rank, x->dim);
    return luaL_error(L, "a contiguous f32 tensor of shape Nx%s expected (the net's input), got %s %s", want,
                      nac_dtype_name(x->dtype), got);
  }
  if (x->dim[0] < 1 || x->dim[0] > nac_plan_max_batch(h->plan)) {
    return luaL_error(L, "this plan takes 1 to %I rows, got %I", (LUAI_UACINT)nac_plan_max_batch(h->plan),
                      (LUAI_UACINT)x->dim[0]);
  }
  h->rows = x->dim[0];
  h->has_gradient = 0;
  nac_plan_lend_input(h->plan, nac_tensor_data(x), h->rows);
  nac_plan_load(h->plan);
  before = nac_lua_opaque_state(L);
  h->busy = 1;
  nac_plan_forward(h->plan, h->rows, seed, step);
  h->busy = 0;
  nac_lua_opaque_state(before);
  if (nac_plan_failure(h->plan) != NULL) {
    h->rows = 0;
    return nac_lua_raise(L, nac_plan_failure(h->plan));
  }
  batch_shape(h, nac_net_output(h->box->net), h->rows, &out_rank, dim);
  push_copy(L, h, nac_plan_output(h->plan, 0, NULL, &len), out_rank, dim);
  return 1;
}

static void check_forward(lua_State *L, const handle *h)
{
  if (h->rows == 0) {
    luaL_error(L, "plan:forward comes first");
  }
}

/* plan:loss(loss, x, y) -> {loss, accuracy, n} of the last forward pass on x */
static int l_loss(lua_State *L)
{
  handle *h = check(L);
  const nac_loss loss = nac_lua_check_loss(L, 2);
  const nac_data data = nac_lua_check_data(L, 3, 4, h->box->net, &loss);
  nac_score score;
  nac_answers answers;
  nac_error err;
  int64_t len;
  int32_t *labels;
  float *targets;
  check_forward(L, h);
  h->logits = nac_loss_on_logits(&loss, h->plan);
  nac_plan_output(h->plan, h->logits, NULL, &len);
  if (data.n != h->rows) {
    return luaL_error(L, "the last forward pass had %I rows, got %I", (LUAI_UACINT)h->rows, (LUAI_UACINT)data.n);
  }
  if (nac_loss_check(&loss, &data, len, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  labels = lua_newuserdatauv(L, (size_t)data.n * sizeof *labels, 0);
  targets = lua_newuserdatauv(L, (size_t)(data.n * len) * sizeof *targets, 0);
  memset(&score, 0, sizeof score);
  answers = nac_loss_answers(&loss, &data, NULL, 0, data.n, len, labels, targets);
  nac_loss_run(&loss, h->plan, &answers, h->rows, &score);
  h->has_gradient = 1;
  nac_lua_push_score(L, &score);
  return 1;
}

/* plan:set_gradient(gy): the gradient of some loss with respect to the output */
static int l_set_gradient(lua_State *L)
{
  handle *h = check(L);
  nac_tensor *gy = nac_lua_check_tensor(L, 2);
  nac_tensor *copy;
  nac_error err;
  int64_t len;
  void *g;
  check_forward(L, h);
  nac_plan_output(h->plan, 0, &g, &len);
  if (g == NULL || nac_tensor_numel(gy) != h->rows * len) {
    return luaL_error(L, "a training plan takes a gradient of %I numbers, got %I", (LUAI_UACINT)(h->rows * len),
                      (LUAI_UACINT)nac_tensor_numel(gy));
  }
  if (nac_tensor_convert(&copy, gy, nac_plan_is_double(h->plan) ? NAC_F64 : NAC_F32, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  memcpy(g, nac_tensor_data(copy), (size_t)nac_tensor_numel(copy) * nac_dtype_size(copy->dtype));
  nac_tensor_free(copy);
  h->logits = 0;
  h->has_gradient = 1;
  return 0;
}

/* plan:backward() -> {parameter name = gradient}, gradient of the input or nil */
static int l_backward(lua_State *L)
{
  handle *h = check(L);
  const nac_net *net = h->box->net;
  lua_State *before;
  int64_t rows;
  int i;
  if (!h->training || !h->has_gradient) {
    return luaL_error(L, "backward needs a training plan, and plan:loss or plan:set_gradient before it");
  }
  h->has_gradient = 0;
  before = nac_lua_opaque_state(L);
  h->busy = 1;
  nac_plan_backward(h->plan, h->rows, h->logits);
  h->busy = 0;
  nac_lua_opaque_state(before);
  if (nac_plan_failure(h->plan) != NULL) {
    h->rows = 0;
    return nac_lua_raise(L, nac_plan_failure(h->plan));
  }
  rows = h->rows;
  h->rows = 0; /* gradients now lie where activations were: a forward pass comes next */
  lua_newtable(L);
  for (i = 0; i < nac_net_n_tensors(net, NAC_PARAMETER); i++) {
    const nac_net_tensor t = nac_net_get(net, NAC_PARAMETER, i);
    push_copy(L, h, nac_plan_gradient(h->plan, i), t.rank, t.dim);
    lua_setfield(L, -2, t.name);
  }
  if (nac_plan_input_gradient(h->plan) != NULL) {
    int64_t dim[NAC_MAX_RANK];
    int rank;
    batch_shape(h, 0, rows, &rank, dim);
    push_copy(L, h, nac_plan_input_gradient(h->plan), rank, dim);
    return 2;
  }
  return 1;
}

/* plan:info() -> {bytes (of the arena), piece (rows), segments} */
static int l_info(lua_State *L)
{
  const handle *h = check(L);
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, (lua_Integer)nac_plan_bytes(h->plan));
  lua_setfield(L, -2, "bytes");
  lua_pushinteger(L, (lua_Integer)nac_plan_piece(h->plan));
  lua_setfield(L, -2, "piece");
  lua_pushinteger(L, nac_plan_n_segments(h->plan));
  lua_setfield(L, -2, "segments");
  return 1;
}

/* plan:profile(): starts timing every layer, from zero */
static int l_profile(lua_State *L)
{
  nac_error err;
  return nac_plan_profile(check(L)->plan, &err) != NAC_OK ? nac_lua_raise(L, &err) : 0;
}

/* plan:times() -> list of {name, kind, forward, backward (seconds), flop, bytes (a sample, forward)} */
static int l_times(lua_State *L)
{
  const handle *h = check(L);
  const int size = nac_plan_is_double(h->plan) ? 8 : 4;
  nac_profile_row row;
  int i;
  lua_newtable(L);
  for (i = 0; nac_plan_profile_row(h->plan, i, &row); i++) {
    lua_createtable(L, 0, 6);
    lua_pushstring(L, row.name != NULL ? row.name : row.kind);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, row.kind);
    lua_setfield(L, -2, "kind");
    lua_pushnumber(L, row.forward);
    lua_setfield(L, -2, "forward");
    lua_pushnumber(L, row.backward);
    lua_setfield(L, -2, "backward");
    lua_pushinteger(L, (lua_Integer)row.flop);
    lua_setfield(L, -2, "flop");
    lua_pushinteger(L, (lua_Integer)row.elements * size);
    lua_setfield(L, -2, "bytes");
    lua_seti(L, -2, i + 1);
  }
  return 1;
}

static int l_close(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, META);
  if (h->busy) {
    return luaL_error(L, "the plan is at work: a layer's function cannot close it");
  }
  nac_plan_free(h->plan);
  nac_net_box_release(h->box);
  h->plan = NULL;
  h->box = NULL;
  return 0;
}

static const luaL_Reg functions[] = {
  {"new", l_new},
  {NULL, NULL},
};

static const luaL_Reg methods[] = {
  {"forward", l_forward},
  {"loss", l_loss},
  {"set_gradient", l_set_gradient},
  {"backward", l_backward},
  {"info", l_info},
  {"profile", l_profile},
  {"times", l_times},
  {"close", l_close},
  {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
  {"__gc", l_close},
  {"__close", l_close},
  {NULL, NULL},
};

int luaopen_nac_c_plan(lua_State *L)
{
  nac_error err;
  if (nac_cpu_start(&err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  return nac_lua_open_class(L, functions, META, methods, metamethods);
}
