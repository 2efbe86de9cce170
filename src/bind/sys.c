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

static lua_State *main_state; /* whose running Lua code Ctrl-C stops */
static int deferred;          /* sections of Lua code that stop by themselves */

/* The hook that was set when the signal came. */
static lua_Hook other_hook;
static int other_mask;
static int other_count;

/* Runs at the next Lua instruction after a signal. */
static void stop_hook(lua_State *L, lua_Debug *where)
{
  (void)where;
  lua_sethook(L, other_hook, other_mask, other_count);
  if (nac_interrupted() && deferred == 0) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "nac.util.signal");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "interrupted");
    lua_call(L, 0, 1);
    lua_error(L);
  }
}

/* The functions on hooks are those of Lua that a signal handler may call. */
static void set_stop_hook(void)
{
  if (lua_gethook(main_state) != stop_hook) {
    other_hook = lua_gethook(main_state);
    other_mask = lua_gethookmask(main_state);
    other_count = lua_gethookcount(main_state);
  }
  lua_sethook(main_state, stop_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/* sys.handle_interrupts(): the first Ctrl-C sets the flag, which long C calls
 * poll, and raises signal.interrupted() in running Lua code; the second kills */
static int l_handle_interrupts(lua_State *L)
{
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  main_state = lua_tothread(L, -1);
  nac_interrupt_notify(set_stop_hook);
  nac_interrupt_install();
  return 0;
}

/* sys.defer_interrupts(true): from here on Lua code is not interrupted in its
 * midst, because it polls sys.interrupted() where it can stop; false ends the
 * section. Sections nest. */
static int l_defer_interrupts(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TBOOLEAN);
  deferred += lua_toboolean(L, 1) ? 1 : -1;
  luaL_argcheck(L, deferred >= 0, 1, "no section of deferred interrupts is open");
  return 0;
}

static const luaL_Reg functions[] = {
  {"memory", l_memory},
  {"set_memory_budget", l_set_memory_budget},
  {"fail_allocation", l_fail_allocation},
  {"interrupted", l_interrupted},
  {"set_interrupted", l_set_interrupted},
  {"handle_interrupts", l_handle_interrupts},
  {"defer_interrupts", l_defer_interrupts},
  {NULL, NULL},
};

int luaopen_nac_c_sys(lua_State *L)
{
  luaL_newlib(L, functions);
  lua_pushliteral(L, NAC_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
