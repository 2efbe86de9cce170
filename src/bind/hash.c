/* nac.c.hash: sums of strings and files. */
#include <lauxlib.h>
#include <lua.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/sha256.h"

/* hash.sha256(string) -> 64 lower-case hex digits */
static int l_sha256(lua_State *L)
{
  nac_sha256 sum;
  char hex[NAC_SHA256_HEX];
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  nac_sha256_init(&sum);
  nac_sha256_add(&sum, text, n);
  nac_sha256_hex(&sum, hex);
  lua_pushstring(L, hex);
  return 1;
}

/* hash.sha256_file(path) -> 64 hex digits | nil, message */
static int l_sha256_file(lua_State *L)
{
  nac_error err;
  char hex[NAC_SHA256_HEX];
  if (nac_sha256_file(luaL_checkstring(L, 1), hex, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_pushstring(L, hex);
  return 1;
}

static const luaL_Reg functions[] = {{"sha256", l_sha256}, {"sha256_file", l_sha256_file}, {NULL, NULL}};

int luaopen_nac_c_hash(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}
