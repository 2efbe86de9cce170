/* nac.c.npz: NumPy's npy and npz files. Failures of the file return nil, message. */
#include <lauxlib.h>
#include <lua.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/npz.h"

#define ZIP_TYPE "nac.c.npz.archive"

/* Lua owns the handle, so that an error on the way closes it. */
typedef struct archive {
  nac_zip *zip;
} archive;

static int l_close(lua_State *L)
{
  archive *a = luaL_checkudata(L, 1, ZIP_TYPE);
  nac_zip_close(a->zip);
  a->zip = NULL;
  return 0;
}

/* Pushes the archive at `path`; NAC_OK, or the code of the failure with nothing pushed */
static int push_archive(lua_State *L, const char *path, nac_error *err)
{
  archive *a = lua_newuserdatauv(L, sizeof *a, 0);
  int code;
  a->zip = NULL;
  luaL_setmetatable(L, ZIP_TYPE);
  code = nac_zip_open(&a->zip, path, err);
  if (code != NAC_OK) {
    lua_pop(L, 1);
  }
  return code;
}

/* npz.names(path) -> {array names in the order of the file} | nil, message */
static int l_names(lua_State *L)
{
  nac_error err;
  char name[1024];
  const nac_zip *zip;
  lua_Integer k = 0;
  int64_t i;
  if (push_archive(L, luaL_checkstring(L, 1), &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  zip = ((archive *)lua_touserdata(L, -1))->zip;
  lua_newtable(L);
  for (i = 0; i < zip->n; i++) {
    if (nac_npz_name(zip, i, name, sizeof name)) {
      lua_pushstring(L, name);
      lua_seti(L, -2, ++k);
    }
  }
  return 1;
}

/* npz.read(path) -> {name = tensor}, {names in order} | nil, message */
static int l_read(lua_State *L)
{
  nac_error err;
  nac_tensor *t;
  char name[1024];
  const nac_zip *zip;
  lua_Integer k = 0;
  int64_t i;
  if (push_archive(L, luaL_checkstring(L, 1), &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  zip = ((archive *)lua_touserdata(L, -1))->zip;
  lua_newtable(L);
  lua_newtable(L);
  for (i = 0; i < zip->n; i++) {
    if (!nac_npz_name(zip, i, name, sizeof name)) {
      continue;
    }
    if (lua_getfield(L, -2, name) != LUA_TNIL) {
      nac_fail(&err, NAC_EFORMAT, "%s: damaged: it holds two arrays called '%.100s'", zip->path, name);
      return nac_lua_nil_error(L, &err);
    }
    lua_pop(L, 1);
    if (nac_npz_read(&t, zip, i, &err) != NAC_OK) {
      return nac_lua_nil_error(L, &err);
    }
    nac_lua_push_tensor(L, t);
    lua_setfield(L, -3, name);
    lua_pushstring(L, name);
    lua_seti(L, -2, ++k);
  }
  return 2;
}

/* npz.write(path, {{name=, tensor=}, ...} [, deflate=false]) -> true | nil, message */
static int l_write(lua_State *L)
{
  nac_error err;
  const char *path = luaL_checkstring(L, 1);
  int deflated = lua_toboolean(L, 3);
  nac_npz_entry *entry;
  lua_Integer n;
  lua_Integer i;
  luaL_checktype(L, 2, LUA_TTABLE);
  n = luaL_len(L, 2);
  luaL_argcheck(L, n <= 65535, 2, "at most 65535 arrays fit into one npz file");
  luaL_checkstack(L, (int)n * 3 + 10, "too many arrays");
  entry = lua_newuserdatauv(L, (size_t)n * sizeof *entry + 1, 0);
  for (i = 0; i < n; i++) { /* names and tensors stay on the stack while C uses them */
    luaL_argcheck(L, lua_geti(L, 2, i + 1) == LUA_TTABLE, 2, "a list of {name=, tensor=} expected");
    luaL_argcheck(L, lua_getfield(L, -1, "name") == LUA_TSTRING, 2, "an entry's name must be a string");
    entry[i].name = lua_tostring(L, -1);
    lua_getfield(L, -2, "tensor");
    entry[i].tensor = nac_lua_check_tensor(L, -1);
  }
  if (nac_npz_write(path, entry, n, deflated, &err) != NAC_OK) {
    return err.code == NAC_EINVAL ? nac_lua_raise(L, &err) : nac_lua_nil_error(L, &err);
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* npz.read_npy(path) -> tensor | nil, message */
static int l_read_npy(lua_State *L)
{
  nac_error err;
  nac_tensor *t;
  if (nac_npy_read(&t, luaL_checkstring(L, 1), &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  nac_lua_push_tensor(L, t);
  return 1;
}

/* npz.npy_shape(path) -> {dimensions} of a plain npy file in row-major order | nil, message */
static int l_npy_shape(lua_State *L)
{
  nac_error err;
  nac_npy_info info;
  if (nac_npy_look(&info, luaL_checkstring(L, 1), &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  nac_lua_push_shape(L, info.rank, info.dim);
  return 1;
}

/* npz.read_npy_rows(path, first, count) -> tensor of rows first ... | nil, message */
static int l_read_npy_rows(lua_State *L)
{
  nac_error err;
  nac_tensor *t;
  const lua_Integer first = luaL_checkinteger(L, 2);
  if (nac_npy_read_rows(&t, luaL_checkstring(L, 1), first - 1, luaL_checkinteger(L, 3), &err) != NAC_OK) {
    return err.code == NAC_EINVAL ? nac_lua_raise(L, &err) : nac_lua_nil_error(L, &err);
  }
  nac_lua_push_tensor(L, t);
  return 1;
}

/* npz.read_raw(path, offset, "f4", shape) -> tensor of the elements from a byte
 * of a plain file on, little-endian | nil, message. Types: f2 f4 f8 g2 (bfloat16)
 * i1-i8 u1-u8 b1 */
static int l_read_raw(lua_State *L)
{
  nac_error err;
  nac_tensor *t;
  int64_t dim[NAC_MAX_RANK];
  const char *path = luaL_checkstring(L, 1);
  const lua_Integer offset = luaL_checkinteger(L, 2);
  const char *type = luaL_checkstring(L, 3);
  const int rank = nac_lua_check_shape(L, 4, dim);
  const nac_element e = {type[0], type[0] != '\0' ? type[1] - '0' : 0, 0};
  luaL_argcheck(L, nac_element_known(&e) && type[2] == '\0', 3, "unknown type of elements");
  if (nac_element_read(&t, &e, rank, dim, path, offset, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  nac_lua_push_tensor(L, t);
  return 1;
}

/* npz.write_npy(path, tensor) -> true | nil, message */
static int l_write_npy(lua_State *L)
{
  nac_error err;
  const char *path = luaL_checkstring(L, 1);
  if (nac_npy_write(path, nac_lua_check_tensor(L, 2), &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_pushboolean(L, 1);
  return 1;
}

static const luaL_Reg functions[] = {
  {"names", l_names}, {"read", l_read}, {"write", l_write}, {"read_npy", l_read_npy}, {"write_npy", l_write_npy},
  {"npy_shape", l_npy_shape}, {"read_npy_rows", l_read_npy_rows}, {"read_raw", l_read_raw},
  {NULL, NULL},
};

static const luaL_Reg metamethods[] = {{"__gc", l_close}, {NULL, NULL}};

int luaopen_nac_c_npz(lua_State *L)
{
  return nac_lua_open_class(L, functions, ZIP_TYPE, NULL, metamethods);
}
