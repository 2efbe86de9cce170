/* nac.c.image: pictures as tensors. */
#include <lauxlib.h>
#include <lua.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/augment.h"
#include "core/image.h"

/* image.resize_area(images, height, width [, scale=1]) -> f32 tensor (N,h,w);
 * images: u8 or f32 (N,H,W). See core/image.h for the definition. */
static int l_resize_area(lua_State *L)
{
  nac_error err;
  nac_tensor *out;
  const nac_tensor *images = nac_lua_check_tensor(L, 1);
  lua_Integer h = luaL_checkinteger(L, 2);
  lua_Integer w = luaL_checkinteger(L, 3);
  double scale = luaL_optnumber(L, 4, 1.0);
  if (nac_image_resize_area(&out, images, h, w, scale, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  nac_lua_push_tensor(L, out);
  return 1;
}

/* image.shift(images, pixels, seed, epoch) -> f32 tensor like images (N,C,H,W) or
 * (N,H,W), each image moved as training moves it in that epoch (core/augment.h) */
static int l_shift(lua_State *L)
{
  nac_error err;
  nac_tensor *out;
  const nac_tensor *x = nac_lua_check_tensor(L, 1);
  const lua_Integer most = luaL_checkinteger(L, 2);
  const uint64_t seed = (uint64_t)luaL_checkinteger(L, 3);
  const uint64_t epoch = (uint64_t)luaL_checkinteger(L, 4);
  nac_shift shift;
  int64_t size = 1;
  int i;
  luaL_argcheck(L, x->dtype == NAC_F32 && nac_tensor_is_contiguous(x) && (x->rank == 3 || x->rank == 4), 1,
                "a contiguous f32 tensor (N,C,H,W) or (N,H,W) expected");
  luaL_argcheck(L, most >= 0 && most <= 1024, 2, "0 to 1024 pixels expected");
  shift.most = most;
  shift.channels = x->rank == 4 ? x->dim[1] : 1;
  shift.height = x->dim[x->rank - 2];
  shift.width = x->dim[x->rank - 1];
  for (i = 1; i < x->rank; i++) {
    size *= x->dim[i];
  }
  if (nac_tensor_new(&out, NAC_F32, x->rank, x->dim, &err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  nac_lua_push_tensor(L, out);
  nac_shift_rows(&shift, nac_tensor_data(x), NULL, size > 0 ? x->dim[0] : 0, seed, epoch, 0, nac_tensor_data(out));
  return 1;
}

static const luaL_Reg functions[] = {{"resize_area", l_resize_area}, {"shift", l_shift}, {NULL, NULL}};

int luaopen_nac_c_image(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}
