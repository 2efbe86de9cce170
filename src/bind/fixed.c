/* nac.c.fixed: integer graphs and their executor, metatable "nac.fixed".
 * lua/nac/quant/lower.lua is the public module over it. */
#include <lauxlib.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/fixed_bind.h"
#include "bind/modules.h"
#include "bind/net_bind.h"
#include "bind/quant_bind.h"
#include "core/igraph/fixed.h"
#include "core/igraph/lower.h"

#define META "nac.fixed"

typedef struct handle {
  nac_igraph *graph; /* NULL once closed */
  nac_fixed *fixed;
} handle;

static handle *check(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, META);
  if (h->graph == NULL) {
    luaL_argerror(L, 1, "the integer graph is closed");
  }
  return h;
}

/* fixed.lower(net [, format that inputs arrive in]) -> nac.fixed */
static int l_lower(lua_State *L)
{
  const nac_net_box *box = nac_lua_check_net(L, 1);
  const nac_format *input = lua_isnoneornil(L, 2) ? NULL : nac_lua_check_format(L, 2);
  handle *h = lua_newuserdatauv(L, sizeof *h, 0);
  nac_error err;
  memset(h, 0, sizeof *h);
  luaL_setmetatable(L, META);
  if (nac_lower_net(&h->graph, box->net, input, &err) != NAC_OK || nac_fixed_new(&h->fixed, h->graph, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  return 1;
}

/* Argument `index`: a value of the graph from 1 on; the output when absent. */
static int check_value(lua_State *L, int index, const nac_igraph *g)
{
  const lua_Integer value = luaL_optinteger(L, index, nac_igraph_output(g) + 1);
  luaL_argcheck(L, value >= 1 && value <= nac_igraph_n_values(g), index, "the graph has no such value");
  return (int)value - 1;
}

static nac_tensor *new_output(lua_State *L, int64_t rows, const nac_ivalue *v)
{
  int64_t dim[NAC_MAX_RANK] = {rows};
  nac_tensor *t;
  nac_error err;
  if (v->rank + 1 > NAC_MAX_RANK) {
    luaL_error(L, "a batch of values with %d dimensions is no tensor", v->rank);
  }
  memcpy(dim + 1, v->dim, (size_t)v->rank * sizeof *dim);
  if (nac_tensor_new(&t, NAC_F64, v->rank + 1, dim, &err) != NAC_OK) {
    nac_lua_raise(L, &err);
  }
  nac_lua_push_tensor(L, t);
  return t;
}

/* fixed:run(x (rows, sample) f32 [, value]) -> f64 numbers, f64 raw integers */
static int l_run(lua_State *L)
{
  const handle *h = check(L);
  const nac_tensor *x = nac_lua_check_tensor(L, 2);
  const nac_ivalue *in = nac_igraph_value(h->graph, 0);
  const int value = check_value(L, 3, h->graph);
  nac_tensor *number;
  nac_tensor *raw;
  nac_error err;
  if (x->dtype != NAC_F32 || !nac_tensor_is_contiguous(x) || x->rank != in->rank + 1 ||
      memcmp(x->dim + 1, in->dim, (size_t)in->rank * sizeof *in->dim) != 0) {
    char want[NAC_SHAPE_TEXT];
    char got[NAC_SHAPE_TEXT];
    nac_shape_text(want, sizeof want, in->rank, in->dim);
    nac_shape_text(got, sizeof got, x->rank, x->dim);
    return luaL_error(L, "a contiguous f32 tensor of samples of %s expected, got %s %s", want,
                      nac_dtype_name(x->dtype), got);
  }
  number = new_output(L, x->dim[0], nac_igraph_value(h->graph, value));
  raw = new_output(L, x->dim[0], nac_igraph_value(h->graph, value));
  if (nac_fixed_run(h->fixed, nac_tensor_data(x), x->dim[0], value, nac_tensor_data(raw), nac_tensor_data(number),
                    &err) != NAC_OK) {
    if (err.code == NAC_EINTR) {
      lua_pushnil(L);
      return 1;
    }
    return nac_lua_raise(L, &err);
  }
  return 2;
}

/* fixed:reset(): counts start again */
static int l_reset(lua_State *L)
{
  nac_fixed_reset(check(L)->fixed);
  return 0;
}

static void set_integer(lua_State *L, const char *name, int64_t x)
{
  lua_pushinteger(L, (lua_Integer)x);
  lua_setfield(L, -2, name);
}

static void set_boolean(lua_State *L, const char *name, int x)
{
  lua_pushboolean(L, x);
  lua_setfield(L, -2, name);
}

/* A value as fields of the table on top. */
static void set_value(lua_State *L, const nac_ivalue *v)
{
  int64_t i;
  nac_lua_push_shape(L, v->rank, v->dim);
  lua_setfield(L, -2, "shape");
  set_integer(L, "fraction", v->fraction);
  set_integer(L, "bits", nac_ibits(v->min, v->max));
  lua_pushnumber(L, (double)v->min);
  lua_setfield(L, -2, "min");
  lua_pushnumber(L, (double)v->max);
  lua_setfield(L, -2, "max");
  if (v->q != NULL) {
    lua_createtable(L, (int)v->q->n, 0);
    for (i = 0; i < v->q->n; i++) {
      nac_lua_push_format(L, &v->q->format[i]);
      lua_seti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "formats");
  }
}

/* Bits of an operation's constants, the sign among them; 0 where it has none. */
static int constant_bits(const nac_iop *op)
{
  int64_t most = 0;
  int64_t i;
  for (i = 0; i < op->n_weights; i++) {
    const int64_t magnitude = op->weight[i] < 0 ? -op->weight[i] : op->weight[i];
    most = magnitude > most ? magnitude : most;
  }
  return op->n_weights > 0 ? nac_ibits(-(nac_wide)most, most) : 0;
}

static const char *type_name(nac_itype t)
{
  return t == NAC_INT32 ? "int32" : t == NAC_INT64 ? "int64" : "int128";
}

/* fixed:ops() -> list of { op, layer, inputs, output (values from 1), shifts, type, sum_bits (that hold any
 * sum inside), exact, exact_in_float, exact_in_double, error, weights, weight_bits, weight_fraction, table, wrapped,
 * saturated, and of the output: shape, fraction, bits, min, max (raw), formats } */
static int l_ops(lua_State *L)
{
  const handle *h = check(L);
  int i;
  int k;
  lua_createtable(L, nac_igraph_n_ops(h->graph), 0);
  for (i = 0; i < nac_igraph_n_ops(h->graph); i++) {
    const nac_iop *op = nac_igraph_op(h->graph, i);
    const nac_fixed_count count = nac_fixed_counts(h->fixed, i);
    lua_createtable(L, 0, 25);
    lua_pushstring(L, nac_iop_name(op->kind));
    lua_setfield(L, -2, "op");
    lua_pushstring(L, op->layer);
    lua_setfield(L, -2, "layer");
    lua_createtable(L, op->n_inputs, 0);
    lua_createtable(L, op->n_inputs, 0);
    for (k = 0; k < op->n_inputs; k++) {
      lua_pushinteger(L, op->input[k] + 1);
      lua_seti(L, -3, k + 1);
      lua_pushinteger(L, op->shift[k]);
      lua_seti(L, -2, k + 1);
    }
    lua_setfield(L, -3, "shifts");
    lua_setfield(L, -2, "inputs");
    set_integer(L, "output", op->output + 1);
    lua_pushstring(L, type_name(op->type));
    lua_setfield(L, -2, "type");
    set_integer(L, "sum_bits", nac_ibits(-op->reach, op->reach));
    set_boolean(L, "exact", op->is_exact);
    set_boolean(L, "exact_in_float", nac_iop_is_exact_in_float(h->graph, op, 24));
    set_boolean(L, "exact_in_double", nac_iop_is_exact_in_float(h->graph, op, 53));
    lua_pushnumber(L, op->error);
    lua_setfield(L, -2, "error");
    set_integer(L, "weights", op->n_weights);
    set_integer(L, "weight_bits", constant_bits(op));
    set_integer(L, "weight_fraction", op->weight_fraction);
    set_integer(L, "table", op->n_table + op->n_chosen);
    set_integer(L, "wrapped", count.wrapped);
    set_integer(L, "saturated", count.saturated);
    set_value(L, nac_igraph_value(h->graph, op->output));
    lua_seti(L, -2, i + 1);
  }
  return 1;
}

/* fixed:op(i) -> what a back end needs of operation i (from 1) beyond ops(); see fixed_op.c */
static int l_op(lua_State *L)
{
  const handle *h = check(L);
  const lua_Integer i = luaL_checkinteger(L, 2);
  luaL_argcheck(L, i >= 1 && i <= nac_igraph_n_ops(h->graph), 2, "the graph has no such operation");
  nac_lua_push_iop(L, h->graph, nac_igraph_op(h->graph, (int)i - 1));
  return 1;
}

/* fixed:output() -> the output's value, its bits after the binary point */
static int l_output(lua_State *L)
{
  const handle *h = check(L);
  const int value = nac_igraph_output(h->graph);
  lua_pushinteger(L, value + 1);
  lua_pushinteger(L, nac_igraph_value(h->graph, value)->fraction);
  return 2;
}

static int l_close(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, META);
  nac_fixed_free(h->fixed);
  nac_igraph_free(h->graph);
  h->fixed = NULL;
  h->graph = NULL;
  return 0;
}

static int l_tostring(lua_State *L)
{
  const handle *h = luaL_checkudata(L, 1, META);
  if (h->graph == NULL) {
    lua_pushliteral(L, "integer graph (closed)");
  } else {
    lua_pushfstring(L, "integer graph of %d operations", nac_igraph_n_ops(h->graph));
  }
  return 1;
}

static const luaL_Reg functions[] = {
  {"lower", l_lower},
  {NULL, NULL},
};

static const luaL_Reg methods[] = {
  {"run", l_run}, {"reset", l_reset}, {"ops", l_ops}, {"op", l_op}, {"output", l_output}, {"close", l_close}, {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
  {"__gc", l_close}, {"__close", l_close}, {"__tostring", l_tostring}, {NULL, NULL},
};

int luaopen_nac_c_fixed(lua_State *L)
{
  if (luaL_newmetatable(L, META)) {
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
  }
  luaL_newlib(L, functions);
  return 1;
}
