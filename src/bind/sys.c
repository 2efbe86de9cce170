/* nac.c.sys: the process that the engine runs in: version, memory counters,
 * interruption. */
#include <lauxlib.h>
#include <lua.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/interrupt.h"
#include "core/mem.h"
#include "core/version.h"

/* sys.memory() -> {live=, peak=, budget=, allocations=} in bytes of engine memory */
static int l_memory(lua_State *L)
{
  nac_mem_stats s = nac_mem_get_stats();
  lua_createtable(L, 0, 4);
  lua_pushinteger(L, (lua_Integer)s.live);
  lua_setfield(L, -2, "live");
  lua_pushinteger(L, (lua_Integer)s.peak);
  lua_setfield(L, -2, "peak");
  lua_pushinteger(L, (lua_Integer)s.budget);
  lua_setfield(L, -2, "budget");
  lua_pushinteger(L, (lua_Integer)s.n_alloc);
  lua_setfield(L, -2, "allocations");
  return 1;
}

/* sys.set_memory_budget(bytes): engine memory above it is refused; 0 = no limit */
static int l_set_memory_budget(lua_State *L)
{
  lua_Integer bytes = luaL_checkinteger(L, 1);
  luaL_argcheck(L, bytes >= 0, 1, "a budget is a number of bytes, 0 or more");
  nac_mem_set_budget((size_t)bytes);
  return 0;
}

/* sys.fail_allocation(n): the n-th allocation from now fails, once; for specs */
static int l_fail_allocation(lua_State *L)
{
  lua_Integer n = luaL_checkinteger(L, 1);
  luaL_argcheck(L, n >= 0, 1, "a count of 0 or more expected");
  nac_mem_fail_after((uint64_t)n);
  return 0;
}

/* sys.interrupted() -> boolean */
static int l_interrupted(lua_State *L)
{
  lua_pushboolean(L, nac_interrupted());
  return 1;
}

/* sys.set_interrupted(boolean) */
static int l_set_interrupted(lua_State *L)
{
  nac_interrupt_set(lua_toboolean(L, 1));
  return 0;
}

/* sys.handle_interrupts(): the first Ctrl-C sets the flag instead of killing */
static int l_handle_interrupts(lua_State *L)
{
  (void)L;
  nac_interrupt_install();
  return 0;
}

static const luaL_Reg functions[] = {
  {"memory", l_memory},
  {"set_memory_budget", l_set_memory_budget},
  {"fail_allocation", l_fail_allocation},
  {"interrupted", l_interrupted},
  {"set_interrupted", l_set_interrupted},
  {"handle_interrupts", l_handle_interrupts},
  {NULL, NULL},
};

int luaopen_nac_c_sys(lua_State *L)
{
  luaL_newlib(L, functions);
  lua_pushliteral(L, NAC_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
