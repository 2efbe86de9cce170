/* nac.c.image: pictures as tensors. */
#include <lauxlib.h>
#include <lua.h>

#include "bind/bind.h"
#include "bind/modules.h"
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

static const luaL_Reg functions[] = {{"resize_area", l_resize_area}, {NULL, NULL}};

int luaopen_nac_c_image(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}
