/* The kernels of k_tensor_math.h, written once over `real`, which
 * k_tensor_math_f32.c and k_tensor_math_f64.c define before they include this.
 * tgmath.h picks expf for float and exp for double. */
#include <tgmath.h>

#define EACH(expression)  \
  for (i = 0; i < n; i++) { \
    y[i] = (real)(expression); \
  }                       \
  break

static void unary(nac_unary op, int64_t n, const real *x, real *y)
{
  const real one = 1;
  int64_t i;
  switch (op) {
    case NAC_NEG: EACH(-x[i]);
    case NAC_ABS: EACH(fabs(x[i]));
    case NAC_SIGN: EACH(x[i] != x[i] ? x[i] : (x[i] > 0) - (x[i] < 0));
    case NAC_RELU: EACH(x[i] < 0 ? 0 : x[i]); /* NaN stays NaN */
    case NAC_FLOOR: EACH(floor(x[i]));
    case NAC_CEIL: EACH(ceil(x[i]));
    case NAC_ROUND: EACH(nearbyint(x[i]));
    case NAC_EXP: EACH(exp(x[i]));
    case NAC_LOG: EACH(log(x[i]));
    case NAC_SQRT: EACH(sqrt(x[i]));
    case NAC_TANH: EACH(tanh(x[i]));
    case NAC_SIGMOID: EACH(one / (one + exp(-x[i])));
  }
}

/* fmod takes the dividend's sign; Lua's % the divisor's. */
static real modulo(real a, real b)
{
  real r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static void binary(nac_binary op, int64_t n, const real *a, const real *b, real *y)
{
  int64_t i;
  switch (op) {
    case NAC_ADD: EACH(a[i] + b[i]);
    case NAC_SUB: EACH(a[i] - b[i]);
    case NAC_MUL: EACH(a[i] * b[i]);
    case NAC_MIN: EACH(a[i] < b[i] || a[i] != a[i] ? a[i] : b[i]);
    case NAC_MAX: EACH(a[i] > b[i] || a[i] != a[i] ? a[i] : b[i]);
    case NAC_IDIV: EACH(floor(a[i] / b[i]));
    case NAC_MOD: EACH(modulo(a[i], b[i]));
    case NAC_DIV: EACH(a[i] / b[i]);
    case NAC_POW: EACH(pow(a[i], b[i]));
    case NAC_GT: EACH(a[i] > b[i]);
    case NAC_LT: EACH(a[i] < b[i]);
    case NAC_GE: EACH(a[i] >= b[i]);
    case NAC_LE: EACH(a[i] <= b[i]);
    case NAC_EQ: EACH(a[i] == b[i]);
    case NAC_NE: EACH(a[i] != b[i]);
  }
}
