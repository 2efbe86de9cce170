/**
 * What the binding files share. A binding checks arguments, calls the core and
 * turns its error codes into Lua errors; it holds no loops over data.
 */
#ifndef NAC_BIND_H
#define NAC_BIND_H

#include <lauxlib.h>
#include <lua.h>

#include "core/error.h"
#include "core/tensor.h"

/** Raises err->text as a Lua error with the caller's position. */
int nac_lua_raise(lua_State *L, const nac_error *err);

/** Pushes nil and err->text: for failures of the outside world. Returns 2. */
int nac_lua_nil_error(lua_State *L, const nac_error *err);

/** The tensor at `index`; raises "nac.tensor expected, got ..." otherwise, and
 * for a closed tensor. */
nac_tensor *nac_lua_check_tensor(lua_State *L, int index);

/** The tensor at `index`, or NULL when there is none (never raises). */
nac_tensor *nac_lua_test_tensor(lua_State *L, int index);

/** Pushes a tensor that Lua owns from now on; also when pushing raises. */
void nac_lua_push_tensor(lua_State *L, nac_tensor *t);

/** Reads the list of integers at `index` into dim; raises when an entry is not
 * an integer or there are more than NAC_MAX_RANK. Returns their number. */
int nac_lua_check_shape(lua_State *L, int index, int64_t *dim);

/** Pushes a list of integers. */
void nac_lua_push_shape(lua_State *L, int rank, const int64_t *dim);

/** The field `name` of the table at `index` as a number / integer / boolean /
 * string, or the default when it is absent; raises on another type. */
double nac_lua_opt_number_field(lua_State *L, int index, const char *name, double otherwise);
lua_Integer nac_lua_opt_integer_field(lua_State *L, int index, const char *name, lua_Integer otherwise);
int nac_lua_opt_boolean_field(lua_State *L, int index, const char *name, int otherwise);

/** Makes the metatable of a class (unless it exists) with its metamethods and,
 * unless `methods` is NULL, `__index` = a table of methods; then pushes a module
 * of `functions`. Returns 1: the end of most luaopen functions. */
int nac_lua_open_class(lua_State *L, const luaL_Reg *functions, const char *meta, const luaL_Reg *methods,
                       const luaL_Reg *metamethods);

#endif
