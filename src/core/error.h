/**
 * nac_error: how the core reports what went wrong.
 *
 * Core functions take a `nac_error *` as their last argument, return NAC_OK
 * or one of the codes below, and never jump. Only src/bind turns a code into
 * a Lua error. A NULL error pointer is allowed everywhere and drops the text.
 */
#ifndef NAC_ERROR_H
#define NAC_ERROR_H

enum nac_code {
  NAC_OK = 0,
  NAC_EINVAL, /* an argument is outside what the function allows */
  NAC_ESHAPE, /* shapes do not fit; the text names the layer and both shapes */
  NAC_ENOMEM, /* out of memory, or over the memory budget */
  NAC_EIO,    /* the operating system refused; the text names the path */
  NAC_EFORMAT, /* a file's content is not what its format promises */
  NAC_EINTR,  /* the user asked to stop (see interrupt.h) */
  NAC_ENAN    /* a value that must be finite is not */
};

#define NAC_ERROR_TEXT 512

typedef struct nac_error {
  int code;                  /* one of nac_code */
  char text[NAC_ERROR_TEXT]; /* for people; ends with a hint where one helps */
} nac_error;

/** Fills `err` (unless NULL) with `code` and the formatted text, and returns
 * `code`, so that a check reads `return nac_fail(err, NAC_EINVAL, "...")`. */
int nac_fail(nac_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Puts "prefix: " before the text of an error that a callee filled, so that
 * the path to the fault (file, layer, trial) builds up on the way out. */
int nac_fail_in(nac_error *err, int code, const char *prefix);

#ifdef __clang_analyzer__
/* Tells the analyser of `make check` that what is returned is the code. */
#define nac_fail(err, code, ...) ((void)nac_fail(err, code, __VA_ARGS__), (code))
#define nac_fail_in(err, code, prefix) ((void)nac_fail_in(err, code, prefix), (code))
#endif

#endif
