/* nac.c.proc: processes, pipes, clocks (core/proc.h). What the operating system
 * refuses comes back as nil, message; wrong arguments raise. */
#define _POSIX_C_SOURCE 200809L
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <math.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/proc.h"

#define MAX_POLL 1024

static int check_fd(lua_State *L, int arg)
{
  lua_Integer fd = luaL_checkinteger(L, arg);
  luaL_argcheck(L, fd >= 0 && fd <= INT_MAX, arg, "a file descriptor is 0 or more");
  return (int)fd;
}

static int done(lua_State *L, int code, const nac_error *err)
{
  if (code != NAC_OK) {
    return nac_lua_nil_error(L, err);
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* proc.fork() -> the child's pid in the parent, 0 in the child */
static int l_fork(lua_State *L)
{
  nac_error err;
  int64_t pid;
  if (nac_proc_fork(&pid, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_pushinteger(L, (lua_Integer)pid);
  return 1;
}

/* proc.exit(code): leaves at once, no finalizers */
static int l_exit(lua_State *L)
{
  nac_proc_exit((int)luaL_optinteger(L, 1, 0));
}

/* proc.pipe() -> read descriptor, write descriptor */
static int l_pipe(lua_State *L)
{
  nac_error err;
  int r;
  int w;
  if (nac_proc_pipe(&r, &w, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_pushinteger(L, r);
  lua_pushinteger(L, w);
  return 2;
}

/* proc.close(fd) -> true */
static int l_close(lua_State *L)
{
  nac_error err;
  return done(L, nac_proc_close(check_fd(L, 1), &err), &err);
}

/* proc.send(fd, text) -> true: one message, its length (4 bytes, little endian) first */
static int l_send(lua_State *L)
{
  nac_error err;
  int fd = check_fd(L, 1);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  unsigned char head[4];
  int code;
  luaL_argcheck(L, n <= 0x7fffffff, 2, "a message has at most 2 GB");
  head[0] = (unsigned char)(n & 255);
  head[1] = (unsigned char)(n >> 8 & 255);
  head[2] = (unsigned char)(n >> 16 & 255);
  head[3] = (unsigned char)(n >> 24 & 255);
  code = nac_proc_write(fd, head, sizeof head, &err);
  if (code == NAC_OK) {
    code = nac_proc_write(fd, text, n, &err);
  }
  return done(L, code, &err);
}

/* proc.read(fd) -> the bytes that are there, "" at the end of the stream */
static int l_read(lua_State *L)
{
  nac_error err;
  char data[8192];
  size_t got;
  if (nac_proc_read(check_fd(L, 1), data, sizeof data, &got, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_pushlstring(L, data, got);
  return 1;
}

/* proc.poll({fd, ...}, seconds) -> {[fd] = true} of those that can be read */
static int l_poll(lua_State *L)
{
  nac_error err;
  int fd[MAX_POLL];
  int ready[MAX_POLL];
  lua_Integer n;
  lua_Number seconds = luaL_optnumber(L, 2, -1);
  int i;
  luaL_checktype(L, 1, LUA_TTABLE);
  n = luaL_len(L, 1);
  luaL_argcheck(L, n >= 0 && n <= MAX_POLL, 1, "at most 1024 descriptors");
  for (i = 0; i < n; i++) {
    lua_geti(L, 1, i + 1);
    fd[i] = check_fd(L, -1);
    lua_pop(L, 1);
  }
  if (seconds > 1e6) {
    seconds = 1e6;
  }
  if (nac_proc_poll(fd, ready, (int)n, seconds < 0 ? -1 : (int)(seconds * 1000 + .999), &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_newtable(L);
  for (i = 0; i < n; i++) {
    if (ready[i]) {
      lua_pushboolean(L, 1);
      lua_seti(L, -2, fd[i]);
    }
  }
  return 1;
}

/* proc.wait(pid[, block]) -> nil while it runs, or {code=} or {signal=, name=} */
static int l_wait(lua_State *L)
{
  nac_error err;
  nac_proc_end end;
  lua_Integer pid = luaL_checkinteger(L, 1);
  luaL_argcheck(L, pid > 0, 1, "the pid of a child expected");
  if (nac_proc_wait(pid, lua_toboolean(L, 2), &end, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  if (!end.ended) {
    return 0;
  }
  lua_newtable(L);
  if (end.signal != 0) {
    lua_pushinteger(L, end.signal);
    lua_setfield(L, -2, "signal");
    lua_pushstring(L, nac_proc_signal_name(end.signal));
    lua_setfield(L, -2, "name");
  } else {
    lua_pushinteger(L, end.code);
    lua_setfield(L, -2, "code");
  }
  return 1;
}

/* proc.kill(pid, "SIGTERM") -> true; a number is taken too, 0 only asks whether it lives */
static int l_kill(lua_State *L)
{
  nac_error err;
  lua_Integer pid = luaL_checkinteger(L, 1);
  int number;
  if (lua_type(L, 2) == LUA_TSTRING) {
    number = nac_proc_signal_number(lua_tostring(L, 2));
    luaL_argcheck(L, number != 0, 2, "unknown signal");
  } else {
    number = (int)luaL_optinteger(L, 2, 15);
  }
  return done(L, nac_proc_kill(pid, number, &err), &err);
}

/* proc.rss([pid]) -> resident bytes */
static int l_rss(lua_State *L)
{
  nac_error err;
  int64_t bytes;
  if (nac_proc_rss(luaL_optinteger(L, 1, (lua_Integer)getpid()), &bytes, &err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_pushinteger(L, (lua_Integer)bytes);
  return 1;
}

static int l_clock(lua_State *L)
{
  lua_pushnumber(L, nac_proc_clock());
  return 1;
}

static int l_time(lua_State *L)
{
  lua_pushnumber(L, nac_proc_time());
  return 1;
}

static int l_sleep(lua_State *L)
{
  nac_proc_sleep(luaL_checknumber(L, 1));
  return 0;
}

static int l_cpus(lua_State *L)
{
  lua_pushinteger(L, nac_proc_cpus());
  return 1;
}

static int l_pid(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)getpid());
  return 1;
}

/* proc.isatty(fd) -> boolean */
static int l_isatty(lua_State *L)
{
  lua_pushboolean(L, isatty(check_fd(L, 1)));
  return 1;
}

/* proc.mkdir(path) -> true: with missing parents */
static int l_mkdir(lua_State *L)
{
  nac_error err;
  return done(L, nac_proc_mkdir(luaL_checkstring(L, 1), &err), &err);
}

/* proc.lock(path) -> descriptor, or nil, message, the owner's pid */
static int l_lock(lua_State *L)
{
  nac_error err;
  int fd;
  int64_t owner;
  if (nac_proc_lock(luaL_checkstring(L, 1), &fd, &owner, &err) != NAC_OK) {
    nac_lua_nil_error(L, &err);
    lua_pushinteger(L, (lua_Integer)owner);
    return 3;
  }
  lua_pushinteger(L, fd);
  return 1;
}

/* proc.limit("cpu"|"files"|"file_size"|"core"[, soft]) -> the soft limit before
 * (math.huge: none); sets it when given */
static int l_limit(lua_State *L)
{
  static const char *const names[] = {"cpu", "files", "file_size", "core", NULL};
  static const int which[] = {RLIMIT_CPU, RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_CORE};
  int kind = which[luaL_checkoption(L, 1, NULL, names)];
  struct rlimit limit;
  if (getrlimit(kind, &limit) != 0) {
    return luaL_error(L, "getrlimit failed");
  }
  if (limit.rlim_cur == RLIM_INFINITY) {
    lua_pushnumber(L, (lua_Number)HUGE_VAL);
  } else {
    lua_pushinteger(L, (lua_Integer)limit.rlim_cur);
  }
  if (!lua_isnoneornil(L, 2)) {
    lua_Integer soft = luaL_checkinteger(L, 2);
    luaL_argcheck(L, soft >= 0, 2, "a limit is 0 or more");
    limit.rlim_cur = (rlim_t)soft;
    if (setrlimit(kind, &limit) != 0) {
      lua_pushnil(L);
      lua_pushfstring(L, "the limit cannot be set to %I", (LUAI_UACINT)soft);
      return 2;
    }
  }
  return 1;
}

static const luaL_Reg functions[] = {
  {"fork", l_fork},   {"exit", l_exit},     {"pipe", l_pipe},   {"close", l_close}, {"send", l_send},
  {"read", l_read},   {"poll", l_poll},     {"wait", l_wait},   {"kill", l_kill},   {"rss", l_rss},
  {"clock", l_clock}, {"time", l_time},     {"sleep", l_sleep}, {"cpus", l_cpus},   {"pid", l_pid},
  {"limit", l_limit}, {"isatty", l_isatty}, {"mkdir", l_mkdir}, {"lock", l_lock},   {NULL, NULL},
};

int luaopen_nac_c_proc(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}
