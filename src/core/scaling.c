#include "core/scaling.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"

/* The k-th smallest value, k from 0; reorders v (Hoare 1961). */
static float select_kth(float *v, int64_t n, int64_t k)
{
  int64_t low = 0;
  int64_t high = n - 1;
  while (low < high) {
    const float pivot = v[low + (high - low) / 2];
    int64_t i = low;
    int64_t j = high;
    while (i <= j) {
      while (v[i] < pivot) {
        i++;
      }
      while (v[j] > pivot) {
        j--;
      }
      if (i <= j) {
        const float swap = v[i];
        v[i++] = v[j];
        v[j--] = swap;
      }
    }
    if (k <= j) {
      high = j;
    } else if (k >= i) {
      low = i;
    } else {
      break;
    }
  }
  return v[k];
}

static double quantile(float *v, int64_t n, double q)
{
  const double place = q * (double)(n - 1);
  const int64_t k = (int64_t)place;
  const double below = (double)select_kth(v, n, k);
  const double above = k + 1 < n ? (double)select_kth(v, n, k + 1) : below;
  return below + (above - below) * (place - (double)k);
}

static void mean_std(const float *v, int64_t n, double *center, double *spread)
{
  double sum = 0;
  double square = 0;
  int64_t i;
  for (i = 0; i < n; i++) {
    sum += (double)v[i];
  }
  *center = sum / (double)n;
  for (i = 0; i < n; i++) {
    const double d = (double)v[i] - *center;
    square += d * d;
  }
  *spread = sqrt(square / (double)n);
}

/* All values of one feature: x is (blocks, features, inner). Returns 0 when one is not finite. */
static int gather(const float *x, float *v, int64_t blocks, int64_t features, int64_t inner, int64_t c)
{
  int finite = 1;
  int64_t b;
  int64_t i;
  for (b = 0; b < blocks; b++) {
    for (i = 0; i < inner; i++) {
      const float value = x[(b * features + c) * inner + i];
      finite &= isfinite(value) != 0;
      v[b * inner + i] = value;
    }
  }
  return finite;
}

int nac_scaling_fit(const nac_tensor *x, int axis, nac_scaling kind, float *offset, float *scale, nac_error *err)
{
  const float *data = nac_tensor_data(x);
  int64_t blocks = x->dim[0];
  int64_t features = 1;
  int64_t inner = 1;
  float *v;
  int64_t c;
  int i;
  for (i = 1; i < x->rank; i++) {
    *(axis < 0 || i == axis + 1 ? &features : i <= axis ? &blocks : &inner) *= x->dim[i];
  }
  v = nac_malloc((size_t)(blocks * inner) * sizeof *v);
  if (v == NULL) {
    return nac_fail(err, NAC_ENOMEM, "out of memory for scaling %lld values", (long long)(blocks * inner));
  }
  for (c = 0; c < features; c++) {
    const int64_t n = blocks * inner;
    double center;
    double spread;
    if (!gather(data, v, blocks, features, inner, c)) {
      nac_free(v);
      return nac_fail(err, NAC_ENAN, "feature %lld holds values that are not finite (nan or inf)", (long long)c + 1);
    }
    if (kind == NAC_SCALING_MEAN_STD) {
      mean_std(v, n, &center, &spread);
    } else {
      center = quantile(v, n, 0.5);
      spread = quantile(v, n, 0.95) - quantile(v, n, 0.05);
    }
    offset[c] = (float)center;
    scale[c] = isnormal((float)(1.0 / spread)) ? (float)(1.0 / spread) : 1.0f;
  }
  nac_free(v);
  return NAC_OK;
}
