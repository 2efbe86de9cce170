#define _POSIX_C_SOURCE 200809L
#include "core/blas.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cpu.h"

typedef void sgemm_fn(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                      const float *b, int ldb, float beta, float *c, int ldc);
typedef void dgemm_fn(int order, int ta, int tb, int m, int n, int k, double alpha, const double *a, int lda,
                      const double *b, int ldb, double beta, double *c, int ldc);
typedef char *text_fn(void);

enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111 }; /* cblas.h */

static const char *const names[] = {"libopenblas.so.0", "libopenblas.so"};
static void *library;
static const char *library_name;
static sgemm_fn *sgemm;
static dgemm_fn *dgemm;

/* dlsym gives an object pointer; ISO C has no cast from it to a function's. */
static void find(void *to, const char *name)
{
  void *symbol = dlsym(library, name);
  memcpy(to, &symbol, sizeof symbol);
}

/* Sets a variable for the time of loading; returns what it was, to be freed. */
static char *swap_env(const char *name, const char *value)
{
  const char *old = getenv(name);
  char *copy = old != NULL ? strdup(old) : NULL;
  setenv(name, value, 1);
  return copy;
}

static void restore_env(const char *name, char *old)
{
  if (old != NULL) {
    setenv(name, old, 1);
    free(old);
  } else {
    unsetenv(name);
  }
}

static const char *core_type(void)
{
  const char *isa = nac_cpu_isa();
  return strcmp(isa, "avx512") == 0 ? "SkylakeX" : strcmp(isa, "avx2") == 0 ? "Haswell" : "Nehalem";
}

int nac_blas_open(nac_error *err)
{
  char l2[32];
  char *old[3];
  size_t i;
  const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (library != NULL) {
    return NAC_OK;
  }
  snprintf(l2, sizeof l2, "%ld", bytes > 0 ? bytes / 1024 : 512);
  old[0] = swap_env("OPENBLAS_CORETYPE", core_type());
  old[1] = swap_env("OPENBLAS_NUM_THREADS", "1");
  old[2] = swap_env("OPENBLAS_L2_SIZE", l2);
  for (i = 0; library == NULL && i < sizeof names / sizeof *names; i++) {
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    library_name = names[i];
  }
  restore_env("OPENBLAS_CORETYPE", old[0]);
  restore_env("OPENBLAS_NUM_THREADS", old[1]);
  restore_env("OPENBLAS_L2_SIZE", old[2]);
  if (library != NULL) {
    find(&sgemm, "cblas_sgemm");
    find(&dgemm, "cblas_dgemm");
  }
  if (library == NULL || sgemm == NULL || dgemm == NULL) {
    library_name = NULL;
    return nac_fail(err, NAC_EIO, "OpenBLAS cannot be opened (%s); Debian's package is libopenblas0-pthread",
                    library == NULL ? "no library" : "no cblas_sgemm");
  }
  return NAC_OK;
}

const char *nac_blas_library(void)
{
  return library_name;
}

const char *nac_blas_core(void)
{
  text_fn *core = NULL;
  if (library == NULL) {
    return NULL;
  }
  find(&core, "openblas_get_corename");
  return core != NULL ? core() : "unknown";
}

void nac_blas_sgemm(int m, int n, int k, const float *a, const float *b, float *c)
{
  sgemm(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, m, n, k, 1.0f, a, k, b, n, 0.0f, c, n);
}

void nac_blas_dgemm(int m, int n, int k, const double *a, const double *b, double *c)
{
  dgemm(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, m, n, k, 1.0, a, k, b, n, 0.0, c, n);
}
