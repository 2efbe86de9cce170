/* nac.c.cpu: the processor, the kernels chosen for it, and BLAS. */
#define _POSIX_C_SOURCE 200809L
#include <lauxlib.h>
#include <lua.h>
#include <time.h>

#include "bind/bind.h"
#include "bind/modules.h"
#include "core/blas.h"
#include "core/cpu.h"
#include "core/mem.h"
#include "kern/kern.h"

/* cpu.info() -> {model=, isa=, cores=, available = {sets of kernels, best first}} */
static int l_info(lua_State *L)
{
  char model[200];
  int i;
  nac_cpu_model(model, (int)sizeof model);
  lua_createtable(L, 0, 4);
  lua_pushstring(L, model);
  lua_setfield(L, -2, "model");
  lua_pushstring(L, nac_cpu_isa());
  lua_setfield(L, -2, "isa");
  lua_pushinteger(L, nac_cpu_cores());
  lua_setfield(L, -2, "cores");
  lua_newtable(L);
  for (i = 0; nac_kern_available(i) != NULL; i++) {
    lua_pushstring(L, nac_kern_available(i));
    lua_seti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "available");
  return 1;
}

/* cpu.use(isa): the kernels of that set from now on; for specs and benchmarks */
static int l_use(lua_State *L)
{
  nac_error err;
  return nac_cpu_use(luaL_checkstring(L, 1), &err) != NAC_OK ? nac_lua_raise(L, &err) : 0;
}

/* cpu.blas() -> {library=, core=}, or nil, message */
static int l_blas(lua_State *L)
{
  nac_error err;
  if (nac_blas_open(&err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  lua_createtable(L, 0, 2);
  lua_pushstring(L, nac_blas_library());
  lua_setfield(L, -2, "library");
  lua_pushstring(L, nac_blas_core());
  lua_setfield(L, -2, "core");
  return 1;
}

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* cpu.sgemm_gflops(n [, "blas"|"own"]) -> 10^9 operations a second of an n x n x n
 * product in float, best of five: the machine's peak as benchmarks quote it */
static int l_sgemm_gflops(lua_State *L)
{
  static const char *const whose[] = {"blas", "own", NULL};
  const int n = (int)luaL_checkinteger(L, 1);
  const int own = luaL_checkoption(L, 2, "blas", whose);
  nac_error err;
  float *m;
  double best = 0;
  int i;
  luaL_argcheck(L, n >= 1 && n <= 8192, 1, "a size from 1 to 8192 expected");
  if (!own && nac_blas_open(&err) != NAC_OK) {
    return nac_lua_nil_error(L, &err);
  }
  m = nac_calloc((size_t)n * (size_t)n * 3, sizeof *m);
  if (m == NULL) {
    return luaL_error(L, "out of memory for three %d x %d matrices", n, n);
  }
  for (i = 0; i < 5; i++) {
    const size_t step = (size_t)n * (size_t)n;
    double t = now();
    if (own) {
      nac_kern->gemm(n, n, n, m, n, 1, m + step, n, m + 2 * step, n, K_ZERO, NULL);
    } else {
      nac_blas_sgemm(n, n, n, m, m + step, m + 2 * step);
    }
    t = 2e-9 * n * n * n / (now() - t);
    best = t > best ? t : best;
  }
  nac_free(m);
  lua_pushnumber(L, best);
  return 1;
}

static const luaL_Reg functions[] = {
  {"info", l_info}, {"use", l_use}, {"blas", l_blas}, {"sgemm_gflops", l_sgemm_gflops}, {NULL, NULL},
};

int luaopen_nac_c_cpu(lua_State *L)
{
  nac_error err;
  if (nac_cpu_start(&err) != NAC_OK) {
    return nac_lua_raise(L, &err);
  }
  luaL_newlib(L, functions);
  return 1;
}
