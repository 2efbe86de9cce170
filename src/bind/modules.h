/** The C modules, `require`d from Lua as nac.c.NAME. A new module is one line
 * here and one src/bind/NAME.c that defines luaopen_nac_c_NAME. */
#ifndef NAC_MODULES_H
#define NAC_MODULES_H

#include <lua.h>

/* In alphabetical order, one a line. */
/* clang-format off */
#define NAC_MODULES(X) \
  X(cpu) \
  X(edit) \
  X(file) \
  X(fixed) \
  X(hash) \
  X(hdf5) \
  X(idx) \
  X(image) \
  X(metrics) \
  X(net) \
  X(npz) \
  X(plan) \
  X(proc) \
  X(prune) \
  X(quant) \
  X(rng) \
  X(scaling) \
  X(split) \
  X(sys) \
  X(table) \
  X(tensor) \
  X(train) \
  X(zip)
/* clang-format on */

#define NAC_DECLARE_MODULE(name) int luaopen_nac_c_##name(lua_State *L);
NAC_MODULES(NAC_DECLARE_MODULE)

/** Puts every C module into package.preload: for an interpreter that has the
 * engine linked in. The shared object nac.so is found by the standard
 * searchers instead, through the luaopen_nac_c_NAME symbols. */
void nac_modules_preload(lua_State *L);

#endif
