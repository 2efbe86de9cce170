/**
 * What the files of the tensor binding share (tensor.c, tensor_table.c,
 * tensor_math.c).
 */
#ifndef NAC_TENSOR_BIND_H
#define NAC_TENSOR_BIND_H

#include "bind/bind.h"

/** The dtype named by the string at `index`, `otherwise` when absent; raises
 * on another word, naming the allowed ones and the nearest. */
nac_dtype nac_lua_opt_dtype(lua_State *L, int index, nac_dtype otherwise);

/** Pushes a new uninitialised tensor; raises when it cannot be had. */
nac_tensor *nac_lua_new_tensor(lua_State *L, nac_dtype dtype, int rank, const int64_t *dim);

/** The axis (from 0) that the Lua integer at `index` names: 1..rank, or -1 (the
 * last) ..-rank; raises otherwise. */
int nac_lua_check_axis(lua_State *L, int index, const nac_tensor *t);

/** The position (from 0) that the integer at `index` names among `n` elements:
 * 1..n, negative from the end; raises otherwise. */
int64_t nac_lua_check_position(lua_State *L, int index, int64_t n);

/** The shape at `index`: a list, or one integer. Returns the rank. */
int nac_lua_check_sizes(lua_State *L, int index, int64_t *dim);

/** A number at `index` that an element of `dtype` can hold; raises when it is
 * not a number or, for an integer type, not a whole one. */
double nac_lua_check_element(lua_State *L, int index, nac_dtype dtype);

/** Pushes an element: a Lua integer for integer types, else a float. */
void nac_lua_push_element(lua_State *L, nac_dtype dtype, double value);

/** After NAC_ENOMEM: collects garbage, so that tensors nobody uses give their
 * memory back, and the call can be tried again. */
void nac_lua_reclaim(lua_State *L);

/** Runs `call` (an expression giving a code and filling `err`); when memory
 * runs out, once more after a collection; raises when it fails. */
#define NAC_LUA_TRY(L, err, call)       \
  do {                                  \
    int try_code_ = (call);             \
    if (try_code_ == NAC_ENOMEM) {      \
      nac_lua_reclaim(L);               \
      try_code_ = (call);               \
    }                                   \
    if (try_code_ != NAC_OK) {          \
      return nac_lua_raise((L), &(err)); \
    }                                   \
  } while (0)

/** tensor.new(table | number | tensor, dtype="f32") -> tensor */
int nac_lua_tensor_from_table(lua_State *L);

/** t:totable() -> nested table of numbers (a number for a scalar) */
int nac_lua_tensor_to_table(lua_State *L);

/** Adds the functions of tensor_math.c to the module, the metatable and the
 * table of methods at these positions of the stack. */
void nac_lua_tensor_math_open(lua_State *L, int module, int meta, int method);

#endif
