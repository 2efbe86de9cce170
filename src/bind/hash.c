/* nac.c.hash: sums of strings, tensors and files. */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "bind/tensor_bind.h"
#include "core/sha256.h"

/* Type, shape and elements of a tensor. */
static int add_tensor(lua_State *L, nac_sha256 *sum, const nac_tensor *t)
{
  nac_error err;
  nac_tensor *flat;
  const char *name = nac_dtype_name(t->dtype);
  NAC_LUA_TRY(L, err, nac_tensor_contiguous(&flat, t, &err));
  nac_sha256_add(sum, name, strlen(name));
  nac_sha256_add(sum, t->dim, (size_t)t->rank * sizeof t->dim[0]);
  nac_sha256_add(sum, nac_tensor_data(flat), (size_t)nac_tensor_numel(flat) * nac_dtype_size(t->dtype));
  nac_tensor_free(flat);
  return 0;
}

/* hash.sha256(string | tensor) -> 64 lower-case hex digits */
static int l_sha256(lua_State *L)
{
  nac_sha256 sum;
  char hex[NAC_SHA256_HEX];
  const nac_tensor *t = nac_lua_test_tensor(L, 1);
  nac_sha256_init(&sum);
  if (t) {
    add_tensor(L, &sum, t);
  } else {
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    nac_sha256_add(&sum, text, n);
  }
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
