/* nac.c.net and the metatable "nac.net": describing a network, reading it back,
 * its parameters as tensors. lua/nac/nn.lua is the public module over it. */
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "bind/net_bind.h"
#include "core/cpu.h"
#include "core/layer/layer.h"
#include "core/mem.h"

#define META "nac.net"
#define MAX_GIVEN 16 /* attributes that one layer may be given */

void nac_net_box_release(void *p)
{
  nac_net_box *box = p;
  if (box != NULL && --box->refs == 0) {
    nac_net_free(box->net);
    nac_free(box);
  }
}

nac_net_box *nac_lua_check_net(lua_State *L, int index)
{
  nac_net_box **handle = luaL_checkudata(L, index, META);
  if (*handle == NULL) {
    luaL_argerror(L, index, "the net is closed");
  }
  return *handle;
}

static nac_net *check(lua_State *L)
{
  return nac_lua_check_net(L, 1)->net;
}

/* net.new(shape) -> nac.net for samples of that shape */
static int l_new(lua_State *L)
{
  int64_t dim[NAC_MAX_RANK];
  const int rank = nac_lua_check_shape(L, 1, dim);
  nac_error err;
  nac_net_box **handle = lua_newuserdatauv(L, sizeof *handle, 0);
  nac_net_box *box;
  *handle = NULL;
  luaL_setmetatable(L, META);
  box = nac_calloc(1, sizeof *box);
  if (box == NULL) {
    return luaL_error(L, "out of memory for a net");
  }
  box->refs = 1;
  *handle = box;
  if (nac_net_new(&box->net, rank, dim, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  return 1;
}

static int is_reserved(const char *key)
{
  static const char *const words[] = {"kind", "name", "group", "share", "inputs", "forward", "backward", NULL};
  int i;
  for (i = 0; words[i] != NULL; i++) {
    if (strcmp(words[i], key) == 0) {
      return 1;
    }
  }
  return 0;
}

/* The list of numbers on top of the stack. */
static void read_list(lua_State *L, nac_attr *a)
{
  int i;
  a->type = NAC_ATTR_LIST;
  a->n_list = (int)luaL_len(L, -1);
  if (a->n_list > NAC_MAX_RANK) {
    luaL_error(L, "attribute '%s' is a list of at most %d numbers", a->name, NAC_MAX_RANK);
  }
  for (i = 0; i < a->n_list; i++) {
    if (lua_geti(L, -1, i + 1) != LUA_TNUMBER) {
      luaL_error(L, "attribute '%s' must hold numbers, got %s", a->name, luaL_typename(L, -1));
    }
    a->list[i] = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
}

/* Collects the attributes of the layer table at index 2. */
static int read_attrs(lua_State *L, nac_attr *attr)
{
  int n = 0;
  lua_pushnil(L);
  while (lua_next(L, 2) != 0) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      return luaL_error(L, "a layer is a table of named attributes; got %s as a key", luaL_typename(L, -2));
    }
    if (!is_reserved(lua_tostring(L, -2))) {
      nac_attr *a = &attr[n++];
      if (n > MAX_GIVEN) {
        return luaL_error(L, "a layer has at most %d attributes", MAX_GIVEN);
      }
      memset(a, 0, sizeof *a);
      a->name = lua_tostring(L, -2);
      switch (lua_type(L, -1)) {
      case LUA_TNUMBER:
        a->type = NAC_ATTR_NUMBER;
        a->number = lua_tonumber(L, -1);
        break;
      case LUA_TBOOLEAN:
        a->type = NAC_ATTR_BOOLEAN;
        a->number = lua_toboolean(L, -1);
        break;
      case LUA_TSTRING:
        a->type = NAC_ATTR_WORD;
        a->word = lua_tostring(L, -1);
        break;
      case LUA_TTABLE:
        read_list(L, a);
        break;
      default:
        return luaL_error(L, "attribute '%s' must be a number, a boolean, a string or a list, got %s", a->name,
                          luaL_typename(L, -1));
      }
    }
    lua_pop(L, 1);
  }
  return n;
}

static const char *string_field(lua_State *L, const char *name)
{
  const char *s;
  if (lua_getfield(L, 2, name) != LUA_TNIL && lua_type(L, -1) != LUA_TSTRING) {
    luaL_error(L, "the %s of a layer must be a string, got %s", name, luaL_typename(L, -1));
  }
  s = lua_tostring(L, -1); /* lives on in the table */
  lua_pop(L, 1);
  return s;
}

/* Reads the field `inputs` of the layer table at index 2; returns how many. */
static int read_inputs(lua_State *L, const nac_net *net, int *inputs)
{
  const int type = lua_getfield(L, 2, "inputs");
  lua_Integer n = 1;
  lua_Integer i;
  if (type != LUA_TNIL) {
    if (type != LUA_TTABLE) {
      return luaL_error(L, "the inputs of a layer must be a list of values, got %s", luaL_typename(L, -1));
    }
    n = luaL_len(L, -1);
    if (n > NAC_MAX_INPUTS) {
      return luaL_error(L, "a layer has at most %d inputs", NAC_MAX_INPUTS);
    }
    for (i = 0; i < n; i++) {
      int is_integer;
      lua_Integer value;
      lua_geti(L, -1, i + 1);
      value = lua_tointegerx(L, -1, &is_integer);
      if (!is_integer || value < 1 || value > nac_net_n_values(net)) {
        return luaL_error(L, "input %d must be a value of this net, 1 to %d, got %s", (int)i + 1,
                          nac_net_n_values(net), luaL_tolstring(L, -1, NULL));
      }
      inputs[i] = (int)value - 1;
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
  return (int)n;
}

/* net:add{kind=, name=, group=, share=, inputs={value, ...}, attributes...} -> value.
 * Values count from 1, 1 is the input; without `inputs` the newest is taken. */
static int l_add(lua_State *L)
{
  nac_net *net = check(L);
  nac_attr attr[MAX_GIVEN + 1];
  int inputs[NAC_MAX_INPUTS];
  int n_inputs;
  int n_attrs;
  int output;
  nac_error err;
  const char *kind;
  luaL_checktype(L, 2, LUA_TTABLE);
  n_attrs = read_attrs(L, attr);
  kind = string_field(L, "kind");
  if (kind == NULL) {
    return luaL_error(L, "a layer needs a kind");
  }
  inputs[0] = nac_net_output(net);
  n_inputs = read_inputs(L, net, inputs);
  if (nac_net_add(net, kind, string_field(L, "name"), string_field(L, "group"), string_field(L, "share"), attr, n_attrs, inputs, n_inputs,
                  &output, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  if (strcmp(kind, "opaque") == 0) {
    nac_lua_opaque_bind(L, net, nac_net_n_layers(net) - 1);
  }
  lua_pushinteger(L, output + 1);
  return 1;
}

/* net:init(seed): allocates the weights and draws them */
static int l_init(lua_State *L)
{
  nac_net *net = check(L);
  nac_error err;
  if (nac_net_init(net, (uint64_t)luaL_checkinteger(L, 2), &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  lua_settop(L, 1);
  return 1;
}

/* net:built() -> whether it has its weights */
static int l_built(lua_State *L)
{
  lua_pushboolean(L, nac_net_is_built(check(L)));
  return 1;
}

static void push_value_shape(lua_State *L, const nac_net *net, int value)
{
  const int64_t *dim;
  const int rank = nac_net_value_shape(net, value, &dim);
  nac_lua_push_shape(L, rank, dim);
}

/* net:input_shape() -> shape of one sample */
static int l_input_shape(lua_State *L)
{
  push_value_shape(L, check(L), 0);
  return 1;
}

/* net:output_shape() -> shape of the output for one sample */
static int l_output_shape(lua_State *L)
{
  const nac_net *net = check(L);
  push_value_shape(L, net, nac_net_output(net));
  return 1;
}

/* net:n_params() -> trained parameters */
static int l_n_params(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)nac_net_n_elements(check(L), NAC_PARAMETER));
  return 1;
}

/* net:n_buffers() -> stored statistics */
static int l_n_buffers(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)nac_net_n_elements(check(L), NAC_BUFFER));
  return 1;
}

static void set_string(lua_State *L, const char *name, const char *value)
{
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

static void set_integer(lua_State *L, const char *name, int64_t value)
{
  lua_pushinteger(L, (lua_Integer)value);
  lua_setfield(L, -2, name);
}

static void push_number(lua_State *L, double x)
{
  if (x == floor(x) && fabs(x) < 9e15) {
    lua_pushinteger(L, (lua_Integer)x);
  } else {
    lua_pushnumber(L, x);
  }
}

static void push_attrs(lua_State *L, const nac_net *net, int layer)
{
  nac_attr a;
  int i;
  int k;
  lua_newtable(L);
  for (i = 0; nac_net_layer_attr(net, layer, i, &a); i++) {
    switch (a.type) {
    case NAC_ATTR_BOOLEAN:
      lua_pushboolean(L, a.number != 0);
      break;
    case NAC_ATTR_WORD:
      lua_pushstring(L, a.word);
      break;
    case NAC_ATTR_LIST:
      lua_createtable(L, a.n_list, 0);
      for (k = 0; k < a.n_list; k++) {
        push_number(L, a.list[k]);
        lua_seti(L, -2, k + 1);
      }
      break;
    default:
      push_number(L, a.number);
      break;
    }
    lua_setfield(L, -2, a.name);
  }
}

static int64_t layer_params(const nac_net *net, const nac_layer_info *info)
{
  int64_t n = 0;
  int i;
  for (i = 0; i < info->n_params; i++) {
    n += nac_net_get(net, NAC_PARAMETER, info->params[i]).n;
  }
  return n;
}

/* Sets the field `share` where a layer's parameters belong to another: "a" of "a.weight". */
static void set_share(lua_State *L, const nac_net *net, const nac_layer_info *info)
{
  if (info->n_params > 0) {
    const char *name = nac_net_get(net, NAC_PARAMETER, info->params[0]).name;
    const size_t len = (size_t)(strrchr(name, '.') - name);
    if (strlen(info->name) != len || strncmp(name, info->name, len) != 0) {
      lua_pushlstring(L, name, len);
      lua_setfield(L, -2, "share");
    }
  }
}

/* net:layers() -> list of {name, kind, group, share, input, output (shapes), inputs (values), params, attrs} */
static int l_layers(lua_State *L)
{
  const nac_net *net = check(L);
  const int n = nac_net_n_layers(net);
  int l;
  int i;
  lua_createtable(L, n, 0);
  for (l = 0; l < n; l++) {
    const nac_layer_info info = nac_net_layer(net, l);
    lua_createtable(L, 0, 8);
    set_string(L, "name", info.name);
    set_string(L, "kind", info.kind);
    if (info.group != NULL) {
      set_string(L, "group", info.group);
    }
    set_share(L, net, &info);
    push_value_shape(L, net, info.inputs[0]);
    lua_setfield(L, -2, "input");
    push_value_shape(L, net, info.output);
    lua_setfield(L, -2, "output");
    lua_createtable(L, info.n_inputs, 0);
    for (i = 0; i < info.n_inputs; i++) {
      lua_pushinteger(L, info.inputs[i] + 1);
      lua_seti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "inputs");
    set_integer(L, "params", layer_params(net, &info));
    push_attrs(L, net, l);
    lua_setfield(L, -2, "attrs");
    lua_seti(L, -2, l + 1);
  }
  return 1;
}

static void push_cost(lua_State *L, const nac_net *net, const nac_layer_info *info, const nac_cost *c)
{
  static const char *const ops[] = {"none", "matmul_const", "matmul_values", "mul_values", "scale_const", "add",
                                    "max",  "compare",      "table",         "softmax",    "layernorm", "opaque"};
  const int matmul = c->op == NAC_COST_MATMUL_CONST || c->op == NAC_COST_MATMUL_VALUES;
  lua_createtable(L, 0, 14);
  set_string(L, "layer", info->name);
  set_string(L, "kind", info->kind);
  set_string(L, "op", ops[c->op]);
  if (c->func != NULL) {
    set_string(L, "func", c->func);
  }
  if (matmul) {
    set_integer(L, "fan_in", c->fan_in);
    set_integer(L, "fan_out", c->fan_out);
  } else {
    set_integer(L, "elements", c->elements);
  }
  if (c->op == NAC_COST_MATMUL_CONST) {
    const nac_net_tensor w = nac_net_get(net, NAC_PARAMETER, c->weight);
    set_integer(L, "weights", w.n);
    set_integer(L, "nonzero", nac_net_nonzero(net, c->weight));
    set_string(L, "weight", w.name);
    lua_pushboolean(L, c->bias);
    lua_setfield(L, -2, "bias");
  }
  if (matmul || c->op == NAC_COST_SOFTMAX || c->op == NAC_COST_LAYERNORM) {
    set_integer(L, "positions", c->positions);
  }
  if (c->op == NAC_COST_SCALE_CONST) {
    lua_pushboolean(L, c->foldable);
    lua_setfield(L, -2, "foldable");
  }
  set_integer(L, "params", layer_params(net, info));
  push_value_shape(L, net, info->inputs[0]);
  lua_setfield(L, -2, "in_shape");
  push_value_shape(L, net, info->output);
  lua_setfield(L, -2, "out_shape");
}

/* net:cost() -> list of cost terms, one a layer: the arithmetic for one sample */
static int l_cost(lua_State *L)
{
  const nac_net *net = check(L);
  const int n = nac_net_n_layers(net);
  int l;
  lua_createtable(L, n, 0);
  for (l = 0; l < n; l++) {
    const nac_layer_info info = nac_net_layer(net, l);
    const nac_cost c = nac_net_cost(net, l);
    push_cost(L, net, &info, &c);
    lua_seti(L, -2, l + 1);
  }
  return 1;
}

/* Pushes a view of one parameter or buffer; it keeps the net alive. */
static void push_net_tensor(lua_State *L, nac_net_box *box, const nac_net_tensor *t)
{
  nac_tensor *view;
  nac_error err;
  box->refs++;
  if (nac_tensor_wrap(&view, NAC_F32, t->rank, t->dim, t->data, nac_net_box_release, box, &err) != NAC_OK) {
    nac_net_box_release(box);
    nac_lua_raise(L, &err);
    return;
  }
  nac_lua_push_tensor(L, view);
}

static nac_net_box *check_built(lua_State *L)
{
  nac_net_box *box = nac_lua_check_net(L, 1);
  if (!nac_net_is_built(box->net)) {
    luaL_error(L, "the net has no weights yet; build it with arch:build{seed=}");
  }
  return box;
}

/* net:tensors() -> list of {name, role = "parameter"|"buffer", tensor (a view)} */
static int l_tensors(lua_State *L)
{
  nac_net_box *box = check_built(L);
  int role;
  int i;
  int count = 0;
  lua_newtable(L);
  for (role = 0; role < 2; role++) {
    for (i = 0; i < nac_net_n_tensors(box->net, (nac_role)role); i++) {
      const nac_net_tensor t = nac_net_get(box->net, (nac_role)role, i);
      lua_createtable(L, 0, 3);
      set_string(L, "name", t.name);
      set_string(L, "role", role == NAC_PARAMETER ? "parameter" : "buffer");
      push_net_tensor(L, box, &t);
      lua_setfield(L, -2, "tensor");
      lua_seti(L, -2, ++count);
    }
  }
  return 1;
}

/* net:tensor(name) -> a view of that parameter or buffer */
static int l_tensor(lua_State *L)
{
  nac_net_box *box = check_built(L);
  const char *name = luaL_checkstring(L, 2);
  int role;
  int i;
  for (role = 0; role < 2; role++) {
    for (i = 0; i < nac_net_n_tensors(box->net, (nac_role)role); i++) {
      const nac_net_tensor t = nac_net_get(box->net, (nac_role)role, i);
      if (strcmp(t.name, name) == 0) {
        push_net_tensor(L, box, &t);
        return 1;
      }
    }
  }
  return luaL_error(L, "the net has no tensor '%s'", name);
}

static float *check_state(lua_State *L, const nac_net *net)
{
  nac_tensor *t = nac_lua_check_tensor(L, 2);
  if (t->dtype != NAC_F32 || !nac_tensor_is_contiguous(t) || nac_tensor_numel(t) != nac_net_state_size(net)) {
    luaL_error(L, "the state of this net is a contiguous f32 tensor of %I elements",
               (LUAI_UACINT)nac_net_state_size(net));
  }
  return nac_tensor_data(t);
}

/* net:state_size() -> numbers in parameters and buffers together */
static int l_state_size(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)nac_net_state_size(check(L)));
  return 1;
}

/* net:save_state(t): copies all parameters and buffers into t */
static int l_save_state(lua_State *L)
{
  const nac_net *net = check_built(L)->net;
  nac_net_save_state(net, check_state(L, net));
  return 0;
}

/* net:load_state(t): copies them back */
static int l_load_state(lua_State *L)
{
  nac_net *net = check_built(L)->net;
  nac_net_load_state(net, check_state(L, net));
  return 0;
}

/* net:close(): frees it once nothing else holds it */
static int l_close(lua_State *L)
{
  nac_net_box **handle = luaL_checkudata(L, 1, META);
  nac_net_box_release(*handle);
  *handle = NULL;
  return 0;
}

static int l_tostring(lua_State *L)
{
  nac_net_box **handle = luaL_checkudata(L, 1, META);
  if (*handle == NULL) {
    lua_pushliteral(L, "net (closed)");
  } else {
    lua_pushfstring(L, "net of %d layers, %I parameters", nac_net_n_layers((*handle)->net),
                    (LUAI_UACINT)nac_net_n_elements((*handle)->net, NAC_PARAMETER));
  }
  return 1;
}

/* net.kinds() -> the names of all layer kinds */
static int l_kinds(lua_State *L)
{
  int i;
  lua_newtable(L);
  for (i = 0; nac_kind_name(i) != NULL; i++) {
    lua_pushstring(L, nac_kind_name(i));
    lua_seti(L, -2, i + 1);
  }
  return 1;
}

static const luaL_Reg functions[] = {
  {"new", l_new},
  {"kinds", l_kinds},
  {NULL, NULL},
};

static const luaL_Reg methods[] = {
  {"add", l_add},
  {"init", l_init},
  {"built", l_built},
  {"input_shape", l_input_shape},
  {"output_shape", l_output_shape},
  {"n_params", l_n_params},
  {"n_buffers", l_n_buffers},
  {"layers", l_layers},
  {"cost", l_cost},
  {"tensors", l_tensors},
  {"tensor", l_tensor},
  {"state_size", l_state_size},
  {"save_state", l_save_state},
  {"load_state", l_load_state},
  {"add_step", nac_lua_net_add_step},
  {"quantise", nac_lua_net_quantise},
  {"quantiser", nac_lua_net_quantiser},
  {"set_mask", nac_lua_net_set_mask},
  {"mask", nac_lua_net_mask},
  {"close", l_close},
  {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
  {"__gc", l_close},
  {"__close", l_close},
  {"__tostring", l_tostring},
  {NULL, NULL},
};

int luaopen_nac_c_net(lua_State *L)
{
  nac_error err;
  if (nac_cpu_start(&err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  return nac_lua_open_class(L, functions, META, methods, metamethods);
}
