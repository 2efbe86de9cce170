/* nac-lua: a Lua 5.4 interpreter with the engine inside. C only sets up the
 * state; what the command line means is decided in lua/nac/cli/main.lua. */
#define _POSIX_C_SOURCE 200809L
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bind/modules.h"

/* Where the Lua files lie: <root>/lua for <root>/build*<...>/nac-lua, else
 * <prefix>/share/nac-lua/lua for <prefix>/bin/nac-lua. */
static void set_paths(lua_State *L)
{
  char exe[4096];
  ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
  char *slash;
  const char *share = "";
  if (n <= 0) {
    return;
  }
  exe[n] = '\0';
  slash = strrchr(exe, '/');
  if (slash == NULL) {
    return;
  }
  *slash = '\0';
  slash = strrchr(exe, '/');
  if (slash == NULL) {
    return;
  }
  if (strcmp(slash, "/bin") == 0) {
    share = "/share/nac-lua";
  }
  *slash = '\0';
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "path");
  lua_pushfstring(L, "%s%s/lua/?.lua;%s%s/lua/?/init.lua;%s", exe, share, exe, share, lua_tostring(L, -1));
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

static int traceback(lua_State *L)
{
  const char *message = lua_tostring(L, 1);
  if (message == NULL) {
    message = luaL_tolstring(L, 1, NULL);
  }
  luaL_traceback(L, L, message, 1);
  return 1;
}

/* Whether -E stands among the options before the script. */
static int ignores_environment(int argc, char **argv)
{
  int i;
  for (i = 1; i < argc && argv[i][0] == '-'; i++) {
    if (strcmp(argv[i], "-E") == 0) {
      return 1;
    }
  }
  return 0;
}

/* Builds the global `arg` and calls require("nac.cli.main")(arg). */
static int run(lua_State *L)
{
  int argc = (int)lua_tointeger(L, 1);
  char **argv = lua_touserdata(L, 2);
  int i;
  luaL_checkversion(L);
  if (ignores_environment(argc, argv)) {
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV"); /* read by the package library */
  }
  luaL_openlibs(L);
  nac_modules_preload(L);
  set_paths(L);
  lua_createtable(L, argc, 1);
  for (i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_seti(L, -2, i);
  }
  lua_setglobal(L, "arg");
  lua_getglobal(L, "require");
  lua_pushliteral(L, "nac.cli.main");
  lua_call(L, 1, 1);
  lua_getglobal(L, "arg");
  lua_call(L, 1, 1);
  return 1;
}

int main(int argc, char **argv)
{
  lua_State *L = luaL_newstate();
  int status;
  int code = EXIT_FAILURE;
  if (L == NULL) {
    fprintf(stderr, "nac-lua: not enough memory\n");
    return EXIT_FAILURE;
  }
  lua_pushcfunction(L, traceback);
  lua_pushcfunction(L, run);
  lua_pushinteger(L, argc);
  lua_pushlightuserdata(L, argv);
  status = lua_pcall(L, 2, 1, 1);
  if (status == LUA_OK) {
    code = (int)lua_tointeger(L, -1);
  } else {
    fprintf(stderr, "nac-lua: %s\n", lua_tostring(L, -1));
  }
  lua_close(L);
  return code;
}
