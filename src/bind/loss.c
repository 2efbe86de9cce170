/* Losses as Lua writes them: "huber" or {kind = "huber", delta = .5}. */
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "bind/bind.h"
#include "bind/data_bind.h"

int nac_lua_refuse_word(lua_State *L, const char *what, const char *given, const char *(*name_of)(int i))
{
  int i;
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (i = 0; name_of(i) != NULL; i++) {
    luaL_addstring(&b, i > 0 ? ", " : "");
    luaL_addstring(&b, name_of(i));
  }
  luaL_pushresult(&b);
  return luaL_error(L, "unknown %s '%s'; allowed: %s", what, given, lua_tostring(L, -1));
}

static nac_loss find(lua_State *L, const char *name)
{
  const nac_loss loss = nac_loss_find(name);
  if (loss.kind == NULL) {
    nac_lua_refuse_word(L, "loss", name, nac_loss_name);
  }
  return loss;
}

/* Pushes the floats of the list or tensor on top of the stack, in its place. */
static void read_weights(lua_State *L, nac_loss *loss)
{
  const nac_tensor *t = nac_lua_test_tensor(L, -1);
  const lua_Integer n = t != NULL ? (lua_Integer)nac_tensor_numel(t) : lua_istable(L, -1) ? luaL_len(L, -1) : 0;
  float *w;
  lua_Integer i;
  if (n < 1 || (t != NULL && t->rank != 1)) {
    luaL_error(L, "class_weights must be a list of numbers, one a class");
  }
  w = lua_newuserdatauv(L, (size_t)n * sizeof *w, 0);
  for (i = 0; i < n; i++) {
    const int64_t at = i;
    double x;
    if (t != NULL) {
      x = nac_tensor_get(t, &at);
    } else {
      lua_geti(L, -2, i + 1);
      x = lua_isnumber(L, -1) ? lua_tonumber(L, -1) : (double)NAN;
      lua_pop(L, 1);
    }
    if (!(x >= 0 && x < 1e30)) {
      luaL_error(L, "class weight %d must be a number of 0 or more", (int)i + 1);
    }
    w[i] = (float)x;
  }
  lua_remove(L, -2);
  loss->class_weights = w;
  loss->n_class_weights = n;
}

static void check_option(lua_State *L, const nac_loss *loss, const char *key)
{
  double least;
  double most;
  int closed;
  const char *own = nac_loss_option(loss, &least, &most, &closed);
  const int weights = nac_loss_takes_weights(loss);
  if (strcmp(key, "kind") == 0 || (own != NULL && strcmp(key, own) == 0) ||
      (weights && strcmp(key, "class_weights") == 0)) {
    return;
  }
  luaL_error(L, "unknown option '%s' of the loss; allowed: kind%s%s%s", key, own != NULL ? ", " : "",
             own != NULL ? own : "", weights ? ", class_weights" : "");
}

static nac_loss read_table(lua_State *L, int at)
{
  nac_loss loss;
  double least;
  double most;
  int closed;
  const char *own;
  if (lua_getfield(L, at, "kind") != LUA_TSTRING) {
    luaL_error(L, "a loss is a name or a table with a kind, got a table without one");
  }
  loss = find(L, lua_tostring(L, -1));
  lua_pop(L, 1);
  for (lua_pushnil(L); lua_next(L, at) != 0; lua_pop(L, 1)) {
    lua_pushvalue(L, -2); /* a copy: lua_next must find its key unchanged */
    check_option(L, &loss, luaL_tolstring(L, -1, NULL));
    lua_pop(L, 2);
  }
  own = nac_loss_option(&loss, &least, &most, &closed);
  if (own != NULL) {
    const double x = nac_lua_opt_number_field(L, at, own, loss.option);
    if (!((closed ? x >= least : x > least) && x <= most)) {
      luaL_error(L, "option '%s' of the loss must be a number %s %f%s, got %f", own, closed ? "from" : "above", least,
                 closed ? " on, at most 1" : "", x);
    }
    loss.option = x;
  }
  if (lua_getfield(L, at, "class_weights") != LUA_TNIL) {
    read_weights(L, &loss);
  }
  return loss;
}

nac_loss nac_lua_check_loss(lua_State *L, int index)
{
  const int at = lua_absindex(L, index);
  nac_loss loss;
  if (lua_type(L, at) == LUA_TTABLE) {
    return read_table(L, at);
  }
  if (lua_type(L, at) != LUA_TSTRING) {
    luaL_error(L, "a loss is a name or a table with a kind, got %s", luaL_typename(L, at));
  }
  loss = find(L, lua_tostring(L, at));
  lua_pushnil(L);
  return loss;
}
