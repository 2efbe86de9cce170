#include "kern/k_tensor_convert.h"

#include <string.h>

void k_load_f64(nac_dtype dtype, int64_t n, const void *x, int64_t step, double *y)
{
  int64_t i;
  if (dtype == NAC_F32) {
    const float *p = x;
    for (i = 0; i < n; i++) {
      y[i] = (double)p[i * step];
    }
  } else if (dtype == NAC_F64) {
    const double *p = x;
    for (i = 0; i < n; i++) {
      y[i] = p[i * step];
    }
  } else if (dtype == NAC_I32) {
    const int32_t *p = x;
    for (i = 0; i < n; i++) {
      y[i] = (double)p[i * step];
    }
  } else {
    const uint8_t *p = x;
    for (i = 0; i < n; i++) {
      y[i] = (double)p[i * step];
    }
  }
}

void k_load_f32(nac_dtype dtype, int64_t n, const void *x, int64_t step, float *y)
{
  int64_t i;
  if (dtype == NAC_F32) {
    const float *p = x;
    for (i = 0; i < n; i++) {
      y[i] = p[i * step];
    }
  } else if (dtype == NAC_F64) {
    const double *p = x;
    for (i = 0; i < n; i++) {
      y[i] = (float)p[i * step];
    }
  } else if (dtype == NAC_I32) {
    const int32_t *p = x;
    for (i = 0; i < n; i++) {
      y[i] = (float)p[i * step];
    }
  } else {
    const uint8_t *p = x;
    for (i = 0; i < n; i++) {
      y[i] = (float)p[i * step];
    }
  }
}

int64_t k_store_f64(nac_dtype dtype, int64_t n, const double *x, void *y, int64_t step)
{
  int64_t i;
  if (dtype == NAC_F32) {
    float *p = y;
    for (i = 0; i < n; i++) {
      p[i * step] = (float)x[i];
    }
  } else if (dtype == NAC_F64) {
    double *p = y;
    for (i = 0; i < n; i++) {
      p[i * step] = x[i];
    }
  } else if (dtype == NAC_I32) {
    int32_t *p = y;
    for (i = 0; i < n; i++) {
      if (!(x[i] > -2147483649.0 && x[i] < 2147483648.0)) {
        return i;
      }
      p[i * step] = (int32_t)x[i];
    }
  } else {
    uint8_t *p = y;
    for (i = 0; i < n; i++) {
      if (!(x[i] > -1.0 && x[i] < 256.0)) {
        return i;
      }
      p[i * step] = (uint8_t)x[i];
    }
  }
  return n;
}

void k_copy(size_t size, int64_t n, const void *x, int64_t x_step, void *y, int64_t y_step)
{
  const char *p = x;
  char *q = y;
  int64_t i;
  if (x_step == 1 && y_step == 1) {
    memcpy(y, x, (size_t)n * size);
  } else if (size == 8) { /* a memcpy of known size is one move, and no alias trouble */
    for (i = 0; i < n; i++) {
      memcpy(q + i * y_step * 8, p + i * x_step * 8, 8);
    }
  } else if (size == 4) {
    for (i = 0; i < n; i++) {
      memcpy(q + i * y_step * 4, p + i * x_step * 4, 4);
    }
  } else {
    for (i = 0; i < n; i++) {
      q[i * y_step] = p[i * x_step];
    }
  }
}
