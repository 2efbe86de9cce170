#include "core/number.h"

#include <stdint.h>
#include <stdlib.h>

/* Digits, sign, point and exponent only: strtod would take more (0x1p3, nan). */
static int is_plain(const char *text)
{
  for (; *text != '\0'; text++) {
    if ((*text < '0' || *text > '9') && *text != '.' && *text != '-' && *text != '+' && *text != 'e' && *text != 'E') {
      return 0;
    }
  }
  return 1;
}

/* Up to 15 digits and a power of ten up to 22 are exact in a double, so that one
 * division rounds correctly (Clinger 1990, the fast case). */
static int parse_short(const char *text, double *value)
{
  static const double ten[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const int negative = *text == '-';
  int64_t digits = 0;
  int n = 0;
  int after = 0;
  int point = 0;
  for (text += negative; *text != '\0'; text++) {
    if (*text == '.' && !point) {
      point = 1;
    } else if (*text >= '0' && *text <= '9' && n < 15) {
      digits = 10 * digits + (*text - '0');
      n++;
      after += point;
    } else {
      return 0;
    }
  }
  *value = (double)digits / ten[after];
  *value = negative ? -*value : *value;
  return n > 0;
}

int nac_number_parse(const char *text, double *value)
{
  char *end;
  if (parse_short(text, value)) {
    return 1;
  }
  if (*text == '\0' || !is_plain(text)) {
    return 0;
  }
  *value = strtod(text, &end);
  return *end == '\0';
}
