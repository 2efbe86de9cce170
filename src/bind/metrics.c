/* nac.c.metrics: loops over scores and answers; lua/nac/metrics.lua is the
 * public module over it. */
#include <lauxlib.h>
#include <math.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/metrics.h"

typedef struct scored_rows {
  const float *scores;
  const int32_t *label;
  int64_t n;
  int64_t outputs;
} scored_rows;

/* Scores (N, outputs) at index 1 and labels (N) at index 2. */
static scored_rows check_rows(lua_State *L)
{
  const nac_tensor *x = nac_lua_check_tensor(L, 1);
  const nac_tensor *y = nac_lua_check_tensor(L, 2);
  scored_rows s;
  luaL_argcheck(L, x->rank == 2 && x->dtype == NAC_F32 && nac_tensor_is_contiguous(x) && x->dim[1] > 0, 1,
                "scores are a contiguous f32 tensor (N, outputs)");
  luaL_argcheck(L, y->rank == 1 && y->dtype == NAC_I32 && nac_tensor_is_contiguous(y), 2,
                "labels are a contiguous i32 tensor (N), counted from 0");
  if (x->dim[0] != y->dim[0] || x->dim[0] < 1) {
    luaL_error(L, "scores of %I rows and %I labels; both are needed for at least one row", (LUAI_UACINT)x->dim[0],
               (LUAI_UACINT)y->dim[0]);
  }
  s.scores = nac_tensor_data(x);
  s.label = nac_tensor_data(y);
  s.n = x->dim[0];
  s.outputs = x->dim[1];
  return s;
}

static nac_tensor *new_tensor(lua_State *L, nac_dtype dtype, int rank, const int64_t *dim)
{
  nac_tensor *t;
  nac_error err;
  if (nac_tensor_new(&t, dtype, rank, dim, &err) != NAC_OK) {
    nac_lua_raise(L, &err);
  }
  nac_lua_push_tensor(L, t);
  return t;
}

/* metrics.top_k(scores, labels, k) -> share of rows */
static int l_top_k(lua_State *L)
{
  const scored_rows s = check_rows(L);
  const lua_Integer k = luaL_checkinteger(L, 3);
  int64_t right;
  nac_error err;
  luaL_argcheck(L, s.outputs > 1, 1, "at least two classes are needed");
  if (k < 1 || k > s.outputs) {
    return luaL_error(L, "k must be 1 to %I, the number of classes, got %I", (LUAI_UACINT)s.outputs, (LUAI_UACINT)k);
  }
  if (nac_metric_top_k(s.scores, s.label, s.n, s.outputs, k, &right, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  lua_pushnumber(L, (double)right / (double)s.n);
  return 1;
}

/* metrics.confusion(scores, labels [, threshold]) -> i32 tensor (true class, predicted class) */
static int l_confusion(lua_State *L)
{
  const scored_rows s = check_rows(L);
  const int64_t classes = nac_metric_classes(s.outputs);
  const int64_t dim[2] = {classes, classes};
  nac_tensor *t;
  nac_error err;
  luaL_argcheck(L, classes <= 46340, 1, "too many classes for a matrix of them");
  t = new_tensor(L, NAC_I32, 2, dim);
  if (nac_metric_confusion(s.scores, s.label, s.n, s.outputs, luaL_optnumber(L, 3, 0), nac_tensor_data(t), &err) !=
      NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  return 1;
}

/* metrics.roc(scores, labels, class from 0) -> area or false, fpr, tpr, threshold (f64, one more than rows), points */
static int l_roc(lua_State *L)
{
  const scored_rows s = check_rows(L);
  const lua_Integer class = luaL_checkinteger(L, 3);
  const int64_t room = s.n + 1;
  nac_tensor *line[3];
  int64_t points;
  double auc;
  nac_error err;
  int i;
  if (class < 0 || class >= nac_metric_classes(s.outputs)) {
    return luaL_error(L, "class must be 0 to %I, got %I", (LUAI_UACINT)(nac_metric_classes(s.outputs) - 1),
                      (LUAI_UACINT)class);
  }
  for (i = 0; i < 3; i++) {
    line[i] = new_tensor(L, NAC_F64, 1, &room);
  }
  if (nac_metric_roc(s.scores, s.label, s.n, s.outputs, class, nac_tensor_data(line[0]), nac_tensor_data(line[1]),
                     nac_tensor_data(line[2]), &points, &auc, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  if (isnan(auc)) {
    lua_pushboolean(L, 0);
  } else {
    lua_pushnumber(L, auc);
  }
  lua_insert(L, -4);
  lua_pushinteger(L, (lua_Integer)points);
  return 5;
}

/* A list of n numbers at `index`, as an array that Lua owns. */
static double *check_numbers(lua_State *L, int index, int64_t *n)
{
  double *x;
  int64_t i;
  luaL_checktype(L, index, LUA_TTABLE);
  *n = luaL_len(L, index);
  x = lua_newuserdatauv(L, (size_t)(*n + 1) * sizeof *x, 0);
  for (i = 0; i < *n; i++) {
    lua_geti(L, index, i + 1);
    if (!lua_isnumber(L, -1)) {
      luaL_error(L, "a list of numbers expected, element %d is a %s", (int)i + 1, luaL_typename(L, -1));
    }
    x[i] = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  return x;
}

/* metrics.distances(a, b, scale) -> f64 tensor (N) */
static int l_distances(lua_State *L)
{
  const nac_tensor *a = nac_lua_check_tensor(L, 1);
  const nac_tensor *b = nac_lua_check_tensor(L, 2);
  nac_tensor *t;
  int64_t dims;
  const double *scale = check_numbers(L, 3, &dims);
  luaL_argcheck(L, a->rank == 2 && a->dtype == NAC_F32 && nac_tensor_is_contiguous(a), 1,
                "positions are a contiguous f32 tensor (N, dimensions)");
  luaL_argcheck(L, b->rank == 2 && b->dtype == NAC_F32 && nac_tensor_is_contiguous(b), 2,
                "positions are a contiguous f32 tensor (N, dimensions)");
  if (a->dim[0] != b->dim[0] || a->dim[1] != b->dim[1] || a->dim[1] != dims) {
    return luaL_error(L, "positions of shape %Ix%I and %Ix%I with %I scales", (LUAI_UACINT)a->dim[0],
                      (LUAI_UACINT)a->dim[1], (LUAI_UACINT)b->dim[0], (LUAI_UACINT)b->dim[1], (LUAI_UACINT)dims);
  }
  t = new_tensor(L, NAC_F64, 1, a->dim);
  nac_metric_distances(nac_tensor_data(a), nac_tensor_data(b), a->dim[0], dims, scale, nac_tensor_data(t));
  return 1;
}

/* metrics.quantiles(f64 tensor (N), {shares}) -> {values}; sorts the tensor */
static int l_quantiles(lua_State *L)
{
  nac_tensor *t = nac_lua_check_tensor(L, 1);
  int64_t n;
  int64_t i;
  const double *share = check_numbers(L, 2, &n);
  double *value;
  luaL_argcheck(L, t->rank == 1 && t->dtype == NAC_F64 && nac_tensor_is_contiguous(t) && t->dim[0] > 0, 1,
                "values are a contiguous f64 tensor (N) of at least one");
  for (i = 0; i < n; i++) {
    if (!(share[i] >= 0 && share[i] <= 1)) {
      return luaL_error(L, "a quantile is asked for by a share from 0 to 1, got %f", share[i]);
    }
  }
  value = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *value, 0);
  nac_metric_quantiles(nac_tensor_data(t), t->dim[0], share, value, n);
  lua_createtable(L, (int)n, 0);
  for (i = 0; i < n; i++) {
    lua_pushnumber(L, value[i]);
    lua_seti(L, -2, i + 1);
  }
  return 1;
}

static const luaL_Reg functions[] = {
  {"top_k", l_top_k},         {"confusion", l_confusion}, {"roc", l_roc},
  {"distances", l_distances}, {"quantiles", l_quantiles}, {NULL, NULL},
};

int luaopen_nac_c_metrics(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}
