/* nac.c.zip: members of zip archives as strings. Failures of the file return nil, message. */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/mem.h"
#include "core/zip.h"

#define ZIP_TYPE "nac.c.zip.archive"

/* Lua owns the handles, so that an error on the way closes them. */
typedef struct archive {
  nac_zip *zip;
  void *bytes;
} archive;

static int l_close(lua_State *L)
{
  archive *a = luaL_checkudata(L, 1, ZIP_TYPE);
  nac_zip_close(a->zip);
  nac_free(a->bytes);
  a->zip = NULL;
  a->bytes = NULL;
  return 0;
}

static archive *push_archive(lua_State *L, nac_error *err)
{
  const char *path = luaL_checkstring(L, 1);
  archive *a = lua_newuserdatauv(L, sizeof *a, 0);
  a->zip = NULL;
  a->bytes = NULL;
  luaL_setmetatable(L, ZIP_TYPE);
  return nac_zip_open(&a->zip, path, err) == NAC_OK ? a : NULL;
}

/* zip.names(path) -> {names of the members in the order of the directory} | nil, message */
static int l_names(lua_State *L)
{
  nac_error err;
  const archive *a = push_archive(L, &err);
  int64_t i;
  if (a == NULL) {
    return nac_lua_nil_error(L, &err);
  }
  lua_newtable(L);
  for (i = 0; i < a->zip->n; i++) {
    lua_pushstring(L, a->zip->member[i].name);
    lua_seti(L, -2, i + 1);
  }
  return 1;
}

/* zip.read(path, name, most) -> the unpacked bytes of a member | nil, message; more than
 * `most` bytes are refused */
static int l_read(lua_State *L)
{
  nac_error err;
  const char *name = luaL_checkstring(L, 2);
  const lua_Integer most = luaL_checkinteger(L, 3);
  archive *a = push_archive(L, &err);
  int64_t i;
  if (a == NULL) {
    return nac_lua_nil_error(L, &err);
  }
  for (i = 0; i < a->zip->n && strcmp(a->zip->member[i].name, name) != 0; i++) {
  }
  if (i == a->zip->n) {
    nac_fail(&err, NAC_EFORMAT, "%s: it has no member '%.200s'", a->zip->path, name);
    return nac_lua_nil_error(L, &err);
  }
  if (a->zip->member[i].size > most) {
    nac_fail(&err, NAC_EFORMAT, "%s: member '%.200s' has %lld bytes; at most %lld are expected", a->zip->path, name,
             (long long)a->zip->member[i].size, (long long)most);
    return nac_lua_nil_error(L, &err);
  }
  if (nac_zip_take(a->zip, i, &a->bytes, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_pushlstring(L, a->bytes, (size_t)a->zip->member[i].size);
  return 1;
}

static const luaL_Reg functions[] = {{"names", l_names}, {"read", l_read}, {NULL, NULL}};

static const luaL_Reg metamethods[] = {{"__gc", l_close}, {NULL, NULL}};

int luaopen_nac_c_zip(lua_State *L)
{
  return nac_lua_open_class(L, functions, ZIP_TYPE, NULL, metamethods);
}
