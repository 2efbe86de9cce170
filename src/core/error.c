#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int (nac_fail)(nac_error *err, int code, const char *format, ...)
{
  if (err != NULL) {
    va_list args;
    err->code = code;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
  }
  return code;
}

int (nac_fail_in)(nac_error *err, int code, const char *prefix)
{
  if (err != NULL) {
    char old[NAC_ERROR_TEXT];
    memcpy(old, err->text, sizeof old);
    old[sizeof old - 1] = '\0';
    err->code = code;
    snprintf(err->text, sizeof err->text, "%.120s: %.380s", prefix, old);
  }
  return code;
}
