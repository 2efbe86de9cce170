/* The matrix products of the tutorials' layers, one thread: our kernels beside
 * OpenBLAS, oneDNN and libxsmm, those that this machine has. Compiled and run by
 * bench/gemm.lua: argv = nac.so. Each is timed in short turns, all in the same
 * round; the median of the rounds counts. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/blas.h"
#include "core/cpu.h"
#include "kern/kern.h"
#ifdef WITH_LIBXSMM
#include <libxsmm.h>
#endif

enum { ROUNDS = 9, PRODUCTS = 3, LIBRARIES = 4 };

/* C (m,n) = A (m,k) B (k,n), row-major; `turned`: A is stored (k,m). */
typedef struct product {
  int m, n, k, turned;
} product;

typedef void product_fn(const product *p, const float *a, const float *b, float *c);
typedef void cblas_fn(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                      const float *b, int ldb, float beta, float *c, int ldc);
typedef int dnnl_fn(char ta, char tb, long m, long n, long k, float alpha, const float *a, long lda, const float *b,
                    long ldb, float beta, float *c, long ldc);

static const nac_kernels *kern;
static cblas_fn *cblas;
static dnnl_fn *dnnl;

static void ours(const product *p, const float *a, const float *b, float *c)
{
  kern->gemm(p->m, p->n, p->k, a, p->turned ? 1 : p->k, p->turned ? p->m : 1, b, p->n, c, p->n, K_ZERO, NULL);
}

static void openblas(const product *p, const float *a, const float *b, float *c)
{
  cblas(101, p->turned ? 112 : 111, 111, p->m, p->n, p->k, 1, a, p->turned ? p->m : p->k, b, p->n, 0, c, p->n);
}

static void onednn(const product *p, const float *a, const float *b, float *c)
{
  dnnl(p->turned ? 'T' : 'N', 'N', p->m, p->n, p->k, 1, a, p->turned ? p->m : p->k, b, p->n, 0, c, p->n);
}

#ifdef WITH_LIBXSMM
/* libxsmm compiles a kernel for the sizes; column-major: the transposed product
 * of the transposed matrices. NULL where it has none. */
static libxsmm_smmfunction xsmm_kernel(const product *p)
{
  const float one = 1;
  const float zero = 0;
  const int flags = p->turned ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
  const libxsmm_blasint lda = p->n;
  const libxsmm_blasint ldb = p->turned ? p->m : p->k;
  return libxsmm_smmdispatch(p->n, p->m, p->k, &lda, &ldb, &lda, &one, &zero, &flags, NULL);
}

static void xsmm(const product *p, const float *a, const float *b, float *c)
{
  static product of; /* what the kernel is for */
  static libxsmm_smmfunction kernel;
  if (kernel == NULL || memcmp(&of, p, sizeof of) != 0) {
    of = *p;
    kernel = xsmm_kernel(p);
  }
  kernel(b, a, c);
}
#endif

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
  const double x = *(const double *)a;
  const double y = *(const double *)b;
  return (x > y) - (x < y);
}

static void *symbol(const char *library, const char *name)
{
  void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  return handle != NULL ? dlsym(handle, name) : NULL;
}

/* 10^9 operations a second of each library (0 = not there). */
static void measure(const product *p, product_fn *const *f, double *gflops)
{
  const size_t na = (size_t)p->m * (size_t)p->k;
  const size_t nb = (size_t)p->k * (size_t)p->n;
  const size_t nc = (size_t)p->m * (size_t)p->n;
  float *a = malloc((na + nb + 5 * nc) * sizeof *a);
  float *b = a + na;
  double seconds[LIBRARIES][ROUNDS];
  const double flop = 2.0 * p->m * p->n * p->k;
  size_t i;
  int round;
  int l;
  if (a == NULL) {
    exit(1);
  }
  for (i = 0; i < na + nb; i++) {
    a[i] = (float)((i * 7919) % 17) / 16 - .5f;
  }
  for (round = 0; round < ROUNDS; round++) {
    for (l = 0; l < LIBRARIES; l++) {
      const double start = now();
      long times = 0;
      while (f[l] != NULL && (times < 3 || now() - start < 4e-3)) {
        f[l](p, a, b, b + nb + (size_t)l * nc);
        times++;
      }
      seconds[l][round] = times > 0 ? (now() - start) / (double)times : 1e30;
    }
  }
  for (l = 0; l < LIBRARIES; l++) {
    qsort(seconds[l], ROUNDS, sizeof(double), by_size);
    gflops[l] = flop / seconds[l][ROUNDS / 2] * 1e-9;
    for (i = 0; f[l] != NULL && i < nc; i++) {
      const float want = b[nb + i];
      const float got = b[nb + (size_t)l * nc + i];
      if (!(got - want < 1e-2f && want - got < 1e-2f)) {
        fprintf(stderr, "library %d: a wrong product, %g for %g\n", l, (double)got, (double)want);
        exit(1);
      }
    }
  }
  free(a);
}

int main(int argc, char **argv)
{
  /* rows, outputs, inputs of the tutorials' layers */
  static const int layer[][3] = {{128, 64, 64},   {128, 32, 64},    {128, 10, 32},     {128, 64, 784}, {256, 64, 1540},
                                 {4096, 32, 32},  {4096, 128, 64},  {32768, 64, 3},    {32768, 64, 64}, {32768, 32, 64},
                                 {32768, 16, 3},  {256, 64, 400}};
  static const char *const form[] = {"y = x W^T", "gx = gy W", "gW = gy^T x"};
  product_fn *f[LIBRARIES] = {ours, NULL, NULL, NULL};
  int (*start)(nac_error *) = (int (*)(nac_error *))symbol(argv[1], "nac_cpu_start");
  const nac_kernels **table = (const nac_kernels **)symbol(argv[1], "nac_kern");
  nac_error err;
  size_t i;
  int j;
  (void)argc;
  if (start == NULL || table == NULL || start(&err) != NAC_OK) {
    fprintf(stderr, "%s cannot be opened: %s\n", argv[1], dlerror());
    return 1;
  }
  kern = *table;
  cblas = (cblas_fn *)symbol("libopenblas.so.0", "cblas_sgemm");
  dnnl = (dnnl_fn *)symbol("libdnnl.so.2", "dnnl_sgemm");
  f[1] = cblas != NULL ? openblas : NULL;
  f[2] = dnnl != NULL ? onednn : NULL;
  printf("%-22s %-12s %8s %8s %8s %8s   GFLOP/s (0: has none)\n", "rows x outputs x inputs", "product", "nac-lua", "OpenBLAS", "oneDNN",
         "libxsmm");
  for (i = 0; i < sizeof layer / sizeof *layer; i++) {
    const int r = layer[i][0];
    const int o = layer[i][1];
    const int in = layer[i][2];
    const product p[PRODUCTS] = {{r, o, in, 0}, {r, in, o, 0}, {o, in, r, 1}};
    for (j = 0; j < PRODUCTS; j++) {
      double gflops[LIBRARIES];
      int l;
      if (j == 1 && (in == 3 || in > 400)) {
        continue; /* a first layer: nobody wants its input's gradient */
      }
#ifdef WITH_LIBXSMM
      f[3] = xsmm_kernel(&p[j]) != NULL ? xsmm : NULL;
#endif
      measure(&p[j], f, gflops);
      printf("%6d x %4d x %4d     %-12s", r, o, in, form[j]);
      for (l = 0; l < LIBRARIES; l++) {
        printf(" %8.1f", f[l] != NULL ? gflops[l] : 0.0);
      }
      printf("\n");
    }
  }
  return 0;
}
