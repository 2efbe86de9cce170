#include "core/image.h"

#include <string.h>

#include "core/mem.h"

/* Overlap of output cells with input pixels along one axis, in units in which
 * an input pixel is `to` long and an output cell `from`: whole numbers. */
typedef struct axis {
  int64_t from, to; /* input pixels, output cells */
  int64_t taps;     /* most input pixels that a cell touches */
  int64_t *first;   /* [to] first input pixel of a cell */
  double *weight;   /* [to][taps] overlaps; a cell's sum is `from` */
} axis;

static void axis_free(axis *a)
{
  nac_free(a->first);
  nac_free(a->weight);
}

static int axis_init(axis *a, int64_t from, int64_t to, nac_error *err)
{
  int64_t i;
  int64_t k;
  a->from = from;
  a->to = to;
  a->taps = from / to + 2;
  a->first = nac_calloc((size_t)to, sizeof *a->first);
  a->weight = nac_calloc((size_t)(to * a->taps), sizeof *a->weight);
  if (a->first == NULL || a->weight == NULL) {
    axis_free(a);
    return nac_fail(err, NAC_ENOMEM, "out of memory while resizing images");
  }
  for (i = 0; i < to; i++) {
    int64_t begin = i * from;
    int64_t end = begin + from;
    a->first[i] = begin / to;
    for (k = 0; k < a->taps; k++) {
      int64_t left = (a->first[i] + k) * to;
      int64_t right = left + to;
      left = left > begin ? left : begin;
      right = right < end ? right : end;
      a->weight[i * a->taps + k] = right > left ? (double)(right - left) : 0.0;
    }
  }
  return NAC_OK;
}

/* sum[W] += weight * row[W] */
static void add_row_u8(float *sum, const unsigned char *row, float weight, int64_t n)
{
  int64_t x;
  for (x = 0; x < n; x++) {
    sum[x] += weight * (float)row[x];
  }
}

static void add_row_f32(double *sum, const float *row, double weight, int64_t n)
{
  int64_t x;
  for (x = 0; x < n; x++) {
    sum[x] += weight * (double)row[x];
  }
}

/* One row of cells from a row of vertical sums; exactly one of the two is given. */
static void add_columns(float *out, const float *sum_f, const double *sum_d, const axis *a, double scale)
{
  int64_t j;
  int64_t k;
  for (j = 0; j < a->to; j++) {
    const double *weight = a->weight + j * a->taps;
    int64_t x = a->first[j];
    double total = 0.0;
    for (k = 0; k < a->taps && x + k < a->from; k++) {
      total += weight[k] * (sum_f != NULL ? (double)sum_f[x + k] : sum_d[x + k]);
    }
    out[j] = (float)(total * scale);
  }
}

static void resize_one(float *out, const void *image, nac_dtype dtype, const axis *rows, const axis *columns,
                       void *sum, double scale)
{
  int64_t i;
  int64_t k;
  int64_t width = columns->from;
  int is_u8 = dtype == NAC_U8;
  for (i = 0; i < rows->to; i++) {
    memset(sum, 0, (size_t)width * (is_u8 ? sizeof(float) : sizeof(double)));
    for (k = 0; k < rows->taps; k++) {
      double weight = rows->weight[i * rows->taps + k];
      int64_t at = (rows->first[i] + k) * width;
      if (weight == 0.0) {
        continue;
      }
      if (is_u8) {
        add_row_u8(sum, (const unsigned char *)image + at, (float)weight, width);
      } else {
        add_row_f32(sum, (const float *)image + at, weight, width);
      }
    }
    add_columns(out + i * columns->to, is_u8 ? sum : NULL, is_u8 ? NULL : sum, columns, scale);
  }
}

/* The same size: a conversion only. */
static void scale_only(float *out, const void *images, nac_dtype dtype, int64_t n, double scale)
{
  int64_t i;
  if (dtype == NAC_U8) {
    float of[256];
    for (i = 0; i < 256; i++) {
      of[i] = (float)((double)i * scale);
    }
    for (i = 0; i < n; i++) {
      out[i] = of[((const unsigned char *)images)[i]];
    }
  } else {
    for (i = 0; i < n; i++) {
      out[i] = (float)((double)((const float *)images)[i] * scale);
    }
  }
}

static int resize_all(nac_tensor *out, const nac_tensor *images, double scale, nac_error *err)
{
  const int64_t *from = images->dim;
  const int64_t *to = out->dim;
  const char *in_data = nac_tensor_data(images);
  float *out_data = nac_tensor_data(out);
  axis rows;
  axis columns;
  void *sum;
  int64_t n;
  int code = axis_init(&rows, from[1], to[1], err);
  if (code != NAC_OK) {
    return code;
  }
  code = axis_init(&columns, from[2], to[2], err);
  if (code != NAC_OK) {
    axis_free(&rows);
    return code;
  }
  sum = nac_calloc((size_t)from[2], sizeof(double));
  if (sum == NULL) {
    code = nac_fail(err, NAC_ENOMEM, "out of memory while resizing images");
  } else {
    size_t step = (size_t)(from[1] * from[2]) * nac_dtype_size(images->dtype);
    double mean = scale / (double)(from[1] * from[2]);
    for (n = 0; n < from[0]; n++) {
      resize_one(out_data + n * to[1] * to[2], in_data + (size_t)n * step, images->dtype, &rows, &columns, sum, mean);
    }
  }
  nac_free(sum);
  axis_free(&rows);
  axis_free(&columns);
  return code;
}

static int check(const nac_tensor *images, int64_t h, int64_t w, nac_error *err)
{
  char shape[96];
  nac_shape_text(shape, sizeof shape, images->rank, images->dim);
  if (images->rank != 3) {
    return nac_fail(err, NAC_ESHAPE, "images of shape (N,H,W) expected, got %s", shape);
  }
  if (images->dtype != NAC_U8 && images->dtype != NAC_F32) {
    return nac_fail(err, NAC_EINVAL, "images of u8 or f32 expected, got %s", nac_dtype_name(images->dtype));
  }
  if (images->dim[1] < 1 || images->dim[2] < 1) {
    return nac_fail(err, NAC_ESHAPE, "images without pixels cannot be resized: %s", shape);
  }
  if (h < 1 || w < 1 || h > 65536 || w > 65536) {
    return nac_fail(err, NAC_EINVAL, "an image size is 1 to 65536 pixels, got %lldx%lld", (long long)h, (long long)w);
  }
  return NAC_OK;
}

int nac_image_resize_area(nac_tensor **out, const nac_tensor *images, int64_t h, int64_t w, double scale,
                          nac_error *err)
{
  nac_tensor *whole = NULL;
  int64_t dim[3];
  int code = check(images, h, w, err);
  *out = NULL;
  if (code != NAC_OK) {
    return code;
  }
  if (!nac_tensor_is_contiguous(images)) {
    code = nac_tensor_convert(&whole, images, images->dtype, err);
    if (code != NAC_OK) {
      return code;
    }
    images = whole;
  }
  dim[0] = images->dim[0];
  dim[1] = h;
  dim[2] = w;
  code = nac_tensor_new(out, NAC_F32, 3, dim, err);
  if (code == NAC_OK) {
    if (h == images->dim[1] && w == images->dim[2]) {
      scale_only(nac_tensor_data(*out), nac_tensor_data(images), images->dtype, nac_tensor_numel(images), scale);
    } else {
      code = resize_all(*out, images, scale, err);
    }
    if (code != NAC_OK) {
      nac_tensor_free(*out);
      *out = NULL;
    }
  }
  nac_tensor_free(whole);
  return code;
}
