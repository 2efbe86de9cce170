/* nac.c.edit: line editing with history and completion for the interactive
 * prompt. libedit is opened when the prompt starts: without it the prompt
 * still works, and no other run of nac-lua pays for loading it. */
#define _DEFAULT_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <histedit.h>
#include <lauxlib.h>
#include <locale.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/interrupt.h"

#define EDITOR "nac.editor"
#define HISTORY_LINES 1000

/* The functions of libedit that the prompt calls. */
static struct {
  EditLine *(*init)(const char *, FILE *, FILE *, FILE *);
  void (*end)(EditLine *);
  int (*set)(EditLine *, int, ...);
  int (*get)(EditLine *, int, ...);
  const char *(*gets)(EditLine *, int *);
  const LineInfo *(*line)(EditLine *);
  int (*insertstr)(EditLine *, const char *);
  void (*reset)(EditLine *);
  History *(*history_init)(void);
  void (*history_end)(History *);
  int (*history)(History *, HistEvent *, int, ...);
} lib;

typedef struct editor {
  EditLine *el;
  History *history;
  lua_State *L;     /* the state of the read in progress */
  int completer;    /* registry reference of the completion function */
  char prompt[64];
} editor;

/* dlsym gives an object pointer; copying its bytes is POSIX's way to a function. */
static int symbol(void *handle, const char *name, void *function)
{
  void *address = dlsym(handle, name);
  if (address == NULL) {
    return 0;
  }
  memcpy(function, &address, sizeof address);
  return 1;
}

static int load_library(void)
{
  static int loaded;
  void *handle;
  if (loaded) {
    return 1;
  }
  handle = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) {
    return 0;
  }
  loaded = symbol(handle, "el_init", &lib.init) && symbol(handle, "el_end", &lib.end) &&
           symbol(handle, "el_set", &lib.set) && symbol(handle, "el_get", &lib.get) &&
           symbol(handle, "el_gets", &lib.gets) && symbol(handle, "el_line", &lib.line) &&
           symbol(handle, "el_insertstr", &lib.insertstr) && symbol(handle, "el_reset", &lib.reset) &&
           symbol(handle, "history_init", &lib.history_init) &&
           symbol(handle, "history_end", &lib.history_end) && symbol(handle, "history", &lib.history);
  if (!loaded) {
    dlclose(handle);
  }
  return loaded;
}

static editor *client(EditLine *el)
{
  void *data = NULL;
  lib.get(el, EL_CLIENTDATA, &data);
  return data;
}

static char *prompt_of(EditLine *el)
{
  return client(el)->prompt;
}

/* Reads one character; -1 when Ctrl-C came, which makes el_gets give up the line. */
static int read_char(EditLine *el, wchar_t *out)
{
  mbstate_t state;
  (void)el;
  memset(&state, 0, sizeof state);
  for (;;) {
    char byte;
    ssize_t n = read(STDIN_FILENO, &byte, 1);
    if (n == 1) {
      size_t used = mbrtowc(out, &byte, 1, &state);
      if (used == (size_t)-1) { /* not this locale's encoding: take the byte */
        *out = (wchar_t)(unsigned char)byte;
      }
      if (used != (size_t)-2) { /* -2: more bytes of this character follow */
        return 1;
      }
      continue;
    }
    if (n == 0) {
      return 0;
    }
    if (errno != EINTR || nac_interrupted()) {
      return -1;
    }
  }
}

/* TAB: asks the Lua function completer(text before the cursor) for
 * (text to insert, list to show). */
static unsigned char complete(EditLine *el, int key)
{
  editor *e = client(el);
  lua_State *L = e->L;
  const LineInfo *info = lib.line(el);
  unsigned char result = CC_REFRESH;
  int top = lua_gettop(L);
  (void)key;
  if (e->completer == LUA_NOREF) {
    return CC_NORM;
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, e->completer);
  lua_pushlstring(L, info->buffer, (size_t)(info->cursor - info->buffer));
  if (lua_pcall(L, 1, 2, 0) == LUA_OK) {
    const char *insertion = lua_tostring(L, -2);
    const char *list = lua_tostring(L, -1);
    if (insertion != NULL && insertion[0] != '\0') {
      lib.insertstr(el, insertion);
    }
    if (list != NULL) {
      printf("\n%s\n", list);
      fflush(stdout);
      result = CC_REDISPLAY;
    }
  }
  lua_settop(L, top);
  return result;
}

static editor *check(lua_State *L)
{
  editor *e = luaL_checkudata(L, 1, EDITOR);
  luaL_argcheck(L, e->el != NULL, 1, "the editor is closed");
  return e;
}

/* edit.open([completer]) -> editor, or nil and why there is none */
static int l_open(lua_State *L)
{
  editor *e;
  HistEvent event;
  lua_settop(L, 1);
  if (!load_library()) {
    lua_pushnil(L);
    lua_pushliteral(L, "libedit.so.2 was not found (apt package libedit2): no history, no completion");
    return 2;
  }
  setlocale(LC_CTYPE, ""); /* so that a line may hold any letter */
  e = lua_newuserdatauv(L, sizeof *e, 0);
  memset(e, 0, sizeof *e);
  e->completer = LUA_NOREF;
  luaL_setmetatable(L, EDITOR);
  e->el = lib.init("nac-lua", stdin, stdout, stderr);
  e->history = lib.history_init();
  if (e->el == NULL || e->history == NULL) {
    lua_pushnil(L);
    lua_pushliteral(L, "libedit could not be started on this terminal");
    return 2;
  }
  if (lua_isfunction(L, 1)) {
    lua_pushvalue(L, 1);
    e->completer = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lib.history(e->history, &event, H_SETSIZE, HISTORY_LINES);
  lib.history(e->history, &event, H_SETUNIQUE, 1);
  lib.set(e->el, EL_CLIENTDATA, e);
  lib.set(e->el, EL_PROMPT, prompt_of);
  lib.set(e->el, EL_EDITOR, "emacs");
  lib.set(e->el, EL_HIST, lib.history, e->history);
  lib.set(e->el, EL_GETCFN, read_char);
  lib.set(e->el, EL_ADDFN, "nac-complete", "complete the name before the cursor", complete);
  lib.set(e->el, EL_BIND, "^I", "nac-complete", (char *)NULL);
  lib.set(e->el, EL_BIND, "^R", "em-inc-search-prev", (char *)NULL);
  return 1;
}

/* editor:read(prompt) -> line without its end; nil at the end of input;
 * nil, "interrupted" after Ctrl-C */
static int l_read(lua_State *L)
{
  editor *e = check(L);
  const char *prompt = luaL_checkstring(L, 2);
  const char *line;
  int n = 0;
  strncpy(e->prompt, prompt, sizeof e->prompt - 1);
  e->L = L;
  line = lib.gets(e->el, &n);
  if (line == NULL || n <= 0) {
    lua_pushnil(L);
    if (!nac_interrupted()) {
      return 1;
    }
    nac_interrupt_set(0); /* it was for this line */
    lib.reset(e->el);
    lua_pushliteral(L, "interrupted");
    return 2;
  }
  if (line[n - 1] == '\n') {
    n--;
  }
  lua_pushlstring(L, line, (size_t)n);
  return 1;
}

/* editor:add(line): a new line of history */
static int l_add(lua_State *L)
{
  editor *e = check(L);
  HistEvent event;
  lib.history(e->history, &event, H_ENTER, luaL_checkstring(L, 2));
  return 0;
}

static int file_operation(lua_State *L, int operation)
{
  editor *e = check(L);
  HistEvent event;
  lua_pushboolean(L, lib.history(e->history, &event, operation, luaL_checkstring(L, 2)) >= 0);
  return 1;
}

/* editor:load(path) -> whether the history was read */
static int l_load(lua_State *L)
{
  return file_operation(L, H_LOAD);
}

/* editor:save(path) -> whether the history was written */
static int l_save(lua_State *L)
{
  return file_operation(L, H_SAVE);
}

static int l_close(lua_State *L)
{
  editor *e = luaL_checkudata(L, 1, EDITOR);
  if (e->el != NULL) {
    lib.end(e->el);
    e->el = NULL;
  }
  if (e->history != NULL) {
    lib.history_end(e->history);
    e->history = NULL;
  }
  luaL_unref(L, LUA_REGISTRYINDEX, e->completer);
  e->completer = LUA_NOREF;
  return 0;
}

/* edit.is_terminal(descriptor) -> boolean */
static int l_is_terminal(lua_State *L)
{
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

static const luaL_Reg functions[] = {
  {"open", l_open},
  {"is_terminal", l_is_terminal},
  {NULL, NULL},
};

static const luaL_Reg methods[] = {
  {"read", l_read}, {"add", l_add},     {"load", l_load},
  {"save", l_save}, {"close", l_close}, {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
  {"__gc", l_close},
  {"__close", l_close},
  {"__index", NULL},
  {NULL, NULL},
};

int luaopen_nac_c_edit(lua_State *L)
{
  return nac_lua_open_class(L, functions, EDITOR, methods, metamethods);
}
