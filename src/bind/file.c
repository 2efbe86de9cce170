/* nac.c.file: files that are written whole or not at all. */
#include <lauxlib.h>
#include <lua.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/writer.h"

/* file.write(path, string [, durable=false]) -> true | nil, message; through a
 * temporary name and a rename, so that `path` holds the old or the new text,
 * never a part; durable waits for the disk, against power cuts */
static int l_write(lua_State *L)
{
  nac_error err;
  size_t n;
  const char *path = luaL_checkstring(L, 1);
  const char *text = luaL_checklstring(L, 2, &n);
  if (nac_write_file(path, text, n, lua_toboolean(L, 3), &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_pushboolean(L, 1);
  return 1;
}

static const luaL_Reg functions[] = {{"write", l_write}, {NULL, NULL}};

int luaopen_nac_c_file(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}
