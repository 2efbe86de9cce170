/**
 * Number formats: fixed point as AMD defines it, ap_fixed<W,I,Q,O> and
 * ap_ufixed<W,I,Q,O> (UG1399, "Arbitrary Precision Fixed-Point Data Types").
 *
 * A number is an integer of W bits, the raw value, times 2^(I - W). I counts the
 * bits before the binary point, the sign among them; it may be negative or
 * larger than W. A b-bit integer with a power-of-two scale s is W = b,
 * I = b + log2(s). Everything here is exact integer arithmetic.
 */
#ifndef NAC_FORMAT_H
#define NAC_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

__extension__ typedef __int128 nac_wide; /* holds every raw value and every sum of them */

typedef enum nac_rounding {
  NAC_TRN,         /* down (floor); AMD's default */
  NAC_TRN_ZERO,    /* towards zero */
  NAC_RND,         /* to the nearest, halves up */
  NAC_RND_ZERO,    /* to the nearest, halves towards zero */
  NAC_RND_INF,     /* to the nearest, halves away from zero */
  NAC_RND_MIN_INF, /* to the nearest, halves down */
  NAC_RND_CONV     /* to the nearest, halves to even */
} nac_rounding;

typedef enum nac_overflow {
  NAC_WRAP,     /* the low W bits; AMD's default */
  NAC_SAT,      /* the nearest number there is */
  NAC_SAT_ZERO, /* zero */
  NAC_SAT_SYM   /* as SAT, but the least number is minus the greatest */
} nac_overflow;

typedef struct nac_format {
  int is_signed;
  int width;   /* W, 1 to 64 */
  int integer; /* I, -1024 to 1024 */
  nac_rounding rounding;
  nac_overflow overflow;
} nac_format;

/** Fails unless the fields lie in their ranges. */
int nac_format_check(const nac_format *f, nac_error *err);

/** Reads "ap_fixed<8,3>", "ap_ufixed<8,3,AP_RND_CONV,AP_SAT>" and the like; what
 * is left out is AMD's default. */
int nac_format_parse(nac_format *f, const char *text, nac_error *err);

/** Writes the format as C++ reads it; modes only where they are not AMD's
 * default. `size` 64 is enough. */
void nac_format_text(const nac_format *f, char *text, size_t size);

/** Names as in "RND_CONV" and "SAT", and back (with or without "AP_"; -1 when
 * unknown). */
const char *nac_rounding_name(int rounding);
const char *nac_overflow_name(int overflow);
int nac_rounding_find(const char *name);
int nac_overflow_find(const char *name);

/** Greatest and least raw value. */
nac_wide nac_format_max(const nac_format *f);
nac_wide nac_format_min(const nac_format *f);

/** The raw value nearest to raw * 2^-fraction by the format's rounding, brought
 * into range by its overflow mode. Adds 1 to *overflows when it was out of
 * range (NULL allowed). |raw| < 2^120. */
nac_wide nac_format_convert(const nac_format *f, nac_wide raw, int fraction, int64_t *overflows);

/** The same for a floating-point number, taken exactly. Infinities are out of
 * range; a NaN gives 0 and counts as out of range. */
nac_wide nac_format_quantise(const nac_format *f, double x, int64_t *overflows);

/** The number that a raw value stands for (rounded to double where W > 53). */
double nac_format_value(const nac_format *f, nac_wide raw);

/** y[i] = the number nearest to x[i] in the format; returns how many were out of
 * range. y may be x. Exact where W <= 24. */
int64_t nac_format_apply(const nac_format *f, const float *x, float *y, int64_t n);

#endif
