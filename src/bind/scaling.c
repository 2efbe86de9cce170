/* nac.c.scaling: offsets and scales of features. */
#include <lauxlib.h>
#include <lua.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/scaling.h"

static float *check_vector(lua_State *L, int index, int64_t n)
{
  const nac_tensor *t = nac_lua_check_tensor(L, index);
  if (t->dtype != NAC_F32 || t->rank != 1 || !nac_tensor_is_contiguous(t) || t->dim[0] != n) {
    luaL_error(L, "a contiguous f32 tensor of %I features expected", (LUAI_UACINT)n);
  }
  return nac_tensor_data(t);
}

/* scaling.fit(x, axis, "mean_std" | "median_quantile", offset, scale): fills the
 * f32 tensors offset and scale; axis of a sample from 1, negative from the
 * end, 0 for every element */
static int l_fit(lua_State *L)
{
  static const char *const kinds[] = {"mean_std", "median_quantile", NULL};
  const nac_tensor *x = nac_lua_check_tensor(L, 1);
  const int rank = x->rank - 1;
  const lua_Integer given = luaL_checkinteger(L, 2);
  const int axis = (int)(given > 0 ? given - 1 : given < 0 ? rank + given : -1);
  const nac_scaling kind = (nac_scaling)luaL_checkoption(L, 3, NULL, kinds);
  nac_error err;
  int64_t n = 1;
  int i;
  luaL_argcheck(L, x->dtype == NAC_F32 && rank >= 1 && nac_tensor_is_contiguous(x) && x->dim[0] > 0, 1,
                "a contiguous f32 tensor (N, ...) expected");
  luaL_argcheck(L, given == 0 || (axis >= 0 && axis < rank), 2, "not an axis of a sample");
  for (i = 1; i <= rank; i++) {
    n *= given == 0 || i == axis + 1 ? x->dim[i] : 1;
  }
  if (nac_scaling_fit(x, axis, kind, check_vector(L, 4, n), check_vector(L, 5, n), &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  return 0;
}

static const luaL_Reg functions[] = {{"fit", l_fit}, {NULL, NULL}};

int luaopen_nac_c_scaling(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}
