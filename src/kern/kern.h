/**
 * The kernels: flat loops over float arrays, one table of them an instruction
 * set. nac_kern points to the table in use; nac_kern_use() chooses it once, at
 * start. Each kernel has a naive twin in kern/ref that the specs compare it with.
 *
 * All arrays are row-major and may be unaligned. `long` counts elements or rows.
 */
#ifndef NAC_KERN_H
#define NAC_KERN_H

#include <stdint.h>
typedef enum k_start {
  K_ZERO,       /* C starts at zero */
  K_ACCUMULATE, /* C starts at what it holds */
  K_BIAS        /* each row of C starts at `bias` */
} k_start;

/* theta = keep theta - step m / (sqrt(v) root + eps), after m and v took the
 * gradient g + l2 theta + l1 sign(theta) (Kingma & Ba 2015, algorithm 1;
 * step = lr / (1 - beta1^t), root = 1 / sqrt(1 - beta2^t)). keep = 1 - lr decay
 * is AdamW's decay (Loshchilov & Hutter 2019), else 1. The rests are 1 - beta,
 * rounded from double: the difference of floats is off by 1e-5. */
typedef struct k_adam {
  float step, root, beta1, beta2, rest1, rest2, eps, keep, l2, l1;
} k_adam;

/* v = momentum v + rest g, theta -= lr v, or with Nesterov's form
 * theta -= lr (g + momentum v) (Sutskever et al. 2013). rest = 1 - dampening. */
typedef struct k_sgd {
  float lr, momentum, rest, l2, l1;
  int nesterov;
} k_sgd;

/* s = alpha s + rest g^2, a = alpha a + rest g, step = g / (sqrt(s - a^2) + eps)
 * with a = 0 unless centered, v = momentum v + step, theta -= lr v (Tieleman &
 * Hinton 2012; centered: Graves 2013). rest = 1 - alpha. */
typedef struct k_rmsprop {
  float lr, alpha, rest, eps, momentum, l2, l1;
} k_rmsprop;

/* A convolution of one group of 16 samples in the blocked layout (see
 * k_conv_body.h). Offsets, steps and strides count floats. */
typedef struct k_conv {
  long n_out;         /* output channels */
  long n_taps;        /* input channels times kernel elements */
  long w_out;         /* from one output channel's weights to the next one's */
  const long *offset; /* (n_taps): from an output position's first input to each tap's */
  long n_rows;        /* rows of output positions ... */
  long row;           /* ... and positions a row */
  long x_row;         /* from one row's first input to the next row's */
  long x_step;        /* from one position's first input to the next position's */
  long y_out;         /* from one output channel to the next */
} k_conv;

/* y (m,n) = a (m,k) b (k,n) for each of 16 samples; strides count floats, the
 * columns of y are 16 apart. */
typedef struct k_product {
  long m, n, k;
  long a_row, a_col;
  long b_row, b_col;
  long y_row;
  int accumulate; /* y starts at what it holds */
} k_product;

/* Pooling of planes (h,w) to (oh,ow): window (kh,kw), stride (sh,sw), padding
 * (ph,pw) on every side. include_pad: averages divide by kh kw everywhere. */
typedef struct k_pool {
  long h, w, oh, ow, kh, kw, sh, sw, ph, pw;
  long side; /* samples side by side: 1, or 16 in the blocked layout */
  int include_pad;
} k_pool;

/* A number format in floats: y = step clamp(round(x / step), lo, hi). */
typedef struct k_quantiser {
  float step;
  float lo, hi;  /* in steps */
  int rounding;  /* as enum nac_rounding numbers them */
  int divide;    /* the step is no power of two: x / step, not x times its inverse */
} k_quantiser;

/* Sums of products for 16 samples side by side: y[o] = bias[o] + sum over k of w[o,index[k]] x[offset[k]],
 * rows of w and of y so many numbers apart. */
typedef struct k_taps {
  long n_out, n_taps;
  long w_row, y_out;
  const long *offset;
  const long *index;
} k_taps;

/* Integers of fewer bits: `drop` of them go (0 to 30), what is left is brought into [lo, hi] or wraps
 * around, and is then multiplied by 2^up. */
typedef struct k_narrow {
  int drop, up;
  int rounding; /* as enum nac_rounding numbers them */
  int32_t lo, hi;
  int wraps;
  int width, is_signed; /* of what wraps, at most 31 bits */
} k_narrow;

typedef struct nac_kernels {
  const char *name; /* "avx512", "avx2" or "portable" */

  /* C (m,n) [ldc] = start + A (m,k) B (k,n) [ldb], A[i,p] = a[i * a_row + p * a_col].
   * Sums run over p in order, from the start value: splitting k over several
   * K_ACCUMULATE calls gives the same bits. */
  void (*gemm)(long m, long n, long k, const float *a, long a_row, long a_col, const float *b, long ldb, float *c,
               long ldc, k_start start, const float *bias);

  /* c (m,n) = a (m,k) b (k,n) in double precision; sums run over k in order, products are rounded: the same bits everywhere */
  void (*gemm_f64)(long m, long n, long k, const double *a, const double *b, double *c);

  /* y (cols,rows) = transpose of x (rows,cols) */
  void (*transpose)(const float *x, float *y, long rows, long cols);

  /* g (n) += sum over rows of x (rows,n), row after row */
  void (*column_sum)(const float *x, float *g, long rows, long n);

  /* Elementwise, n elements; y may be x, gx may be gy. */
  void (*relu)(const float *x, float *y, long n);
  void (*relu_back)(const float *y, const float *gy, float *gx, long n);
  void (*leaky_relu)(const float *x, float *y, long n, float slope);
  void (*leaky_relu_back)(const float *y, const float *gy, float *gx, long n, float slope); /* slope > 0 */
  void (*tanh)(const float *x, float *y, long n);
  void (*tanh_back)(const float *y, const float *gy, float *gx, long n);
  void (*sigmoid)(const float *x, float *y, long n);
  void (*sigmoid_back)(const float *y, const float *gy, float *gx, long n);
  void (*exp)(const float *x, float *y, long n);
  void (*add)(const float *x, float *y, long n); /* y += x */
  void (*gelu)(const float *x, float *y, long n); /* x Phi(x) */
  void (*gelu_back)(const float *x, const float *gy, float *gx, long n);
  void (*gelu_tanh)(const float *x, float *y, long n);
  void (*gelu_tanh_back)(const float *x, const float *gy, float *gx, long n);
  void (*silu)(const float *x, float *y, long n);
  void (*silu_back)(const float *x, const float *gy, float *gx, long n);
  void (*hard_sigmoid)(const float *x, float *y, long n); /* x / 6 + .5 within [0, 1] */
  void (*hard_sigmoid_back)(const float *y, const float *gy, float *gx, long n);
  void (*hard_tanh)(const float *x, float *y, long n);
  void (*hard_tanh_back)(const float *y, const float *gy, float *gx, long n);
  void (*elu)(const float *x, float *y, long n, float alpha);
  void (*elu_back)(const float *y, const float *gy, float *gx, long n, float alpha); /* alpha > 0 */
  void (*softplus)(const float *x, float *y, long n);
  void (*softplus_back)(const float *y, const float *gy, float *gx, long n);
  void (*add2)(const float *a, const float *b, float *y, long n); /* y = a + b */
  void (*mul2)(const float *a, const float *b, float *y, long n); /* y = a b */
  void (*scale)(const float *x, float *y, long n, float a);       /* y = a x */

  /* Along n of x (outer,n,inner); softmax and its gradients may run in place. */
  void (*softmax)(const float *x, float *y, long outer, long n, long inner);
  void (*softmax_back)(const float *y, const float *gy, float *gx, long outer, long n, long inner);
  void (*log_softmax)(const float *x, float *y, long outer, long n, long inner);
  void (*log_softmax_back)(const float *y, const float *gy, float *gx, long outer, long n, long inner);
  /* y (outer,inner) = scale * sum */
  void (*axis_sum)(const float *x, float *y, float scale, long outer, long n, long inner);
  void (*axis_sum_back)(const float *gy, float *gx, float scale, long outer, long n, long inner);
  void (*axis_max)(const float *x, float *y, long outer, long n, long inner);
  /* the first of equal maxima takes the gradient */
  void (*axis_max_back)(const float *x, const float *y, const float *gy, float *gx, long outer, long n, long inner);

  /* Batch normalisation of x (rows,c,inner) over rows and inner. `shift` (c) is
   * subtracted before squaring, against cancellation (Chan, Golub & LeVeque 1983).
   * The sums are equal for every split into calls of a multiple of 16 rows. */
  void (*norm_sums)(const float *x, const float *shift, double *sum, double *sum_squares, long rows, long c,
                    long inner);
  void (*norm_apply)(const float *x, float *y, const float *scale, const float *offset, long rows, long c, long inner);
  void (*norm_back_sums)(const float *x, const float *gy, const float *mean, const float *inv_std, double *sum_gy,
                         double *sum_gy_xhat, long rows, long c, long inner);
  /* gx = a * gy + b * x + d, all of a, b, d (c); gx may be gy */
  void (*norm_back_apply)(const float *x, const float *gy, float *gx, const float *a, const float *b, const float *d,
                          long rows, long c, long inner);

  /* Layer normalisation over n of x (outer,n,inner): y = xhat w + b, w and b (n);
   * mean and inv_std (outer,inner) are kept for the gradient. gw and gb are added
   * to; gx may be NULL, or gy. */
  void (*layernorm)(const float *x, const float *w, const float *b, float *y, float *mean, float *inv_std, long outer,
                    long n, long inner, float eps);
  void (*layernorm_back)(const float *x, const float *w, const float *gy, const float *mean, const float *inv_std,
                         float *gw, float *gb, float *gx, long outer, long n, long inner);

  /* `planes` planes one after the other; max_pool_back gives the gradient to the
   * first maximum in row-major order. Both gradients start from zero. */
  void (*max_pool)(const float *x, float *y, long planes, const k_pool *pool);
  void (*max_pool_back)(const float *x, const float *y, const float *gy, float *gx, long planes, const k_pool *pool);
  void (*avg_pool)(const float *x, float *y, long planes, const k_pool *pool);
  void (*avg_pool_back)(const float *gy, float *gx, long planes, const k_pool *pool);

  /* Cross-entropy of logits (rows,n) against labels; adds the losses of the
   * rows to *loss and the correct ones to *correct; writes
   * gx = (softmax - one_hot) * scale unless gx is NULL. */
  void (*cross_entropy)(const float *logits, const int *label, float *gx, float scale, double *loss, long *correct,
                        long rows, long n);

  /* The same for targets (rows,n) that spread over the classes:
   * -sum of target log softmax, gx = (softmax sum(target) - target) * scale. A
   * row is correct when its largest logit is the label's, or without labels
   * where the target is largest. */
  void (*cross_entropy_soft)(const float *logits, const float *target, const int *label, float *gx, float scale,
                             double *loss, long *correct, long rows, long n);

  /* Losses of n elements: add their sum to *loss and write scale times the
   * derivative to gx unless it is NULL. With d = x - t: d^2; |d|; d^2/2 up to
   * |d| = delta and delta (|d| - delta/2) beyond; and for logits
   * -t log sigmoid(x) - (1-t) log(1 - sigmoid(x)), where an element is correct
   * if x > 0 and t > 1/2 agree. */
  void (*squared_error)(const float *x, const float *t, float *gx, float scale, double *loss, long n);
  void (*absolute_error)(const float *x, const float *t, float *gx, float scale, double *loss, long n);
  void (*huber)(const float *x, const float *t, float *gx, float scale, float delta, double *loss, long n);
  void (*bce)(const float *x, const float *t, float *gx, float scale, double *loss, long *correct, long n);

  /* Sum of x^2; and x = scale * x held within [-limit, limit] before. */
  double (*sum_squares)(const float *x, long n);
  void (*clip)(float *x, long n, float limit, float scale);

  /* One optimiser step on n parameters. NULL: adam's v_max (no amsgrad), sgd's
   * and rmsprop's momentum (none), rmsprop's mean (not centered). */
  void (*adam)(float *p, const float *g, float *m, float *v, float *v_max, long n, const k_adam *options);
  void (*sgd)(float *p, const float *g, float *momentum, long n, const k_sgd *options);
  void (*rmsprop)(float *p, const float *g, float *square, float *mean, float *momentum, long n,
                  const k_rmsprop *options);

  /* Blocked layout, one group of 16 samples. y = w x + bias, w (n_out,n_taps);
   * gw (n_out,n_taps) += gradient, gb (n_out) likewise or NULL. */
  void (*conv_forward)(const k_conv *c, const float *w, const float *bias, const float *x, float *y);
  void (*conv_weights)(const k_conv *c, const float *gy, const float *x, float *gw, float *gb);
  void (*product16)(const k_product *d, const float *a, const float *b, float *y);

  /* Integers; nothing may overflow. bias may be NULL. */
  void (*taps16)(const k_taps *t, const int32_t *w, const int32_t *bias, const int32_t *x, int32_t *y);

  /* Returns how many were out of range. y may be x. */
  long (*narrow)(const int32_t *x, int32_t *y, long n, const k_narrow *k);

  /* y = x rounded as q->rounding says and cut off at the ends, for steps that are powers of two; returns how many were out
   * of range, or -1 where an x is a NaN. n below 2^24 */
  long (*to_format)(const float *x, float *y, long n, const k_quantiser *q);
  void (*quantise)(const float *x, float *y, long n, const k_quantiser *q);
  /* gx = gy where min <= x <= max, else 0 */
  void (*quantise_back)(const float *x, const float *gy, float *gx, long n, float min, float max);
  /* sum of gy (y - x) where min <= x <= max, of gy y elsewhere */
  double (*step_back)(const float *x, const float *y, const float *gy, long n, float min, float max);
} nac_kernels;

/** The kernels in use; never NULL. */
extern const nac_kernels *nac_kern;

/** Chooses the table by name; NULL takes the best that this CPU has. Returns 0,
 * or -1 when the name is unknown or the CPU lacks it (nothing changes then). */
int nac_kern_use(const char *name);

/** The i-th name of the tables that this CPU can run, best first, or NULL. */
const char *nac_kern_available(int i);

#endif
