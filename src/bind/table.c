/* nac.c.table: samples from CSV and ARFF files. Failures of the file return nil, message. */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/table.h"

#define TYPE "nac.c.table"

/* Lua owns what was read until its tensors have been handed on. */
static int l_free(lua_State *L)
{
  nac_table_free(luaL_checkudata(L, 1, TYPE));
  return 0;
}

/* The list of strings in field `name` of the table at 2, or none; the strings
 * stay in that table, the array on the stack. */
static const char *const *strings(lua_State *L, const char *name, int *n)
{
  const char **list = NULL;
  int i;
  *n = 0;
  if (lua_getfield(L, 2, name) == LUA_TNIL) {
    return NULL;
  }
  if (!lua_istable(L, -1)) {
    luaL_error(L, "'%s' must be a list of names, got %s", name, luaL_typename(L, -1));
  }
  *n = (int)luaL_len(L, -1);
  list = lua_newuserdatauv(L, (size_t)*n * sizeof *list + 1, 0);
  for (i = 0; i < *n; i++) {
    if (lua_geti(L, -2, i + 1) != LUA_TSTRING) {
      luaL_error(L, "'%s' must hold names, got %s", name, luaL_typename(L, -1));
    }
    list[i] = lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  return list;
}

static void read_options(lua_State *L, nac_table_options *o)
{
  memset(o, 0, sizeof *o);
  o->header = -1;
  luaL_checktype(L, 2, LUA_TTABLE);
  o->label = strings(L, "label", &o->n_labels);
  o->feature = strings(L, "features", &o->n_features);
  o->known = strings(L, "known", &o->n_known);
  o->classes = nac_lua_opt_boolean_field(L, 2, "classes", 0);
  if (o->classes && o->n_labels > 1) {
    luaL_error(L, "classes stand in one column, got %d", o->n_labels);
  }
  if (lua_getfield(L, 2, "header") != LUA_TNIL) {
    o->header = lua_toboolean(L, -1);
  }
  if (lua_getfield(L, 2, "separator") != LUA_TNIL) {
    o->separator = luaL_checkstring(L, -1)[0];
  }
}

static void push_words(lua_State *L, const nac_words *words)
{
  int32_t i;
  lua_createtable(L, words->n, 0);
  for (i = 0; i < words->n; i++) {
    lua_pushstring(L, words->word[i]);
    lua_seti(L, -2, i + 1);
  }
}

typedef int reader(nac_table *out, const char *path, const nac_table_options *options, nac_error *err);

static int read_table(lua_State *L, reader *read)
{
  nac_error err;
  nac_table_options o;
  nac_table *t;
  nac_tensor *tensor;
  const char *path = luaL_checkstring(L, 1);
  read_options(L, &o);
  t = lua_newuserdatauv(L, sizeof *t, 0);
  memset(t, 0, sizeof *t);
  luaL_setmetatable(L, TYPE);
  if (read(t, path, &o, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_createtable(L, 0, 4);
  tensor = t->x;
  t->x = NULL;
  nac_lua_push_tensor(L, tensor);
  lua_setfield(L, -2, "x");
  if (t->y != NULL) {
    tensor = t->y;
    t->y = NULL;
    nac_lua_push_tensor(L, tensor);
    lua_setfield(L, -2, "y");
  }
  push_words(L, &t->features);
  lua_setfield(L, -2, "features");
  if (o.classes) {
    push_words(L, &t->classes);
    lua_setfield(L, -2, "classes");
  }
  return 1;
}

/* table.csv(path, {label = {names}, features = {names}, classes = boolean, known = {classes}, header =,
 * separator =}) -> {x =, y =, features = {names}, classes = {names}} | nil, message */
static int l_csv(lua_State *L)
{
  return read_table(L, nac_csv_read);
}

/* table.arff(path, options): the same of an ARFF file */
static int l_arff(lua_State *L)
{
  return read_table(L, nac_arff_read);
}

static const luaL_Reg functions[] = {{"csv", l_csv}, {"arff", l_arff}, {NULL, NULL}};

static const luaL_Reg metamethods[] = {{"__gc", l_free}, {NULL, NULL}};

int luaopen_nac_c_table(lua_State *L)
{
  return nac_lua_open_class(L, functions, TYPE, NULL, metamethods);
}
