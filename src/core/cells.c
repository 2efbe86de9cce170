/* From the bytes of a text table to its cells. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/table_impl.h"

int (nac_cells_fail)(const nac_cells *c, nac_error *err, const char *format, ...)
{
  char text[NAC_ERROR_TEXT];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return nac_fail(err, NAC_EFORMAT, "%s:%lld: %s", nac_stream_path(c->stream), (long long)c->line, text);
}

int nac_cells_open(nac_cells *c, const char *path, nac_error *err)
{
  int code;
  memset(c, 0, sizeof *c);
  code = nac_stream_open(&c->stream, path, err);
  if (code != NAC_OK) {
    return code;
  }
  c->line = c->next_line = 1;
  c->at_row_start = 1;
  c->quotes = "\"";
  c->room = 256;
  c->cell = nac_malloc(c->room);
  if (c->cell == NULL) {
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  code = nac_stream_read(c->stream, c->buffer, sizeof c->buffer, &c->n, err);
  if (code == NAC_OK && c->n >= 3 && memcmp(c->buffer, "\xef\xbb\xbf", 3) == 0) {
    c->at = 3; /* byte order mark */
  }
  return code;
}

void nac_cells_close(nac_cells *c)
{
  nac_stream_close(c->stream);
  nac_free(c->cell);
}

int nac_cells_peek(nac_cells *c, int *byte, nac_error *err)
{
  int code = NAC_OK;
  if (c->at == c->n && c->n > 0) {
    code = nac_stream_read(c->stream, c->buffer, sizeof c->buffer, &c->n, err);
    c->at = 0;
  }
  *byte = code == NAC_OK && c->n > 0 ? c->buffer[c->at] : -1;
  return code;
}

/* Takes the byte that peek showed. */
static void skip(nac_cells *c)
{
  c->next_line += c->buffer[c->at] == '\n';
  c->at++;
}

static int put(nac_cells *c, int byte, nac_error *err)
{
  if (c->length + 1 >= c->room) {
    char *bigger = nac_realloc(c->cell, 2 * c->room);
    if (bigger == NULL) {
      return nac_fail(err, NAC_ENOMEM, "%s: out of memory", nac_stream_path(c->stream));
    }
    c->cell = bigger;
    c->room *= 2;
  }
  if (byte == '\0') {
    return nac_cells_fail(c, err, "a zero byte; this is not a text file");
  }
  c->cell[c->length++] = (char)byte;
  c->cell[c->length] = '\0';
  return NAC_OK;
}

int nac_cells_line(nac_cells *c, nac_cell_end *end, nac_error *err)
{
  int byte;
  int code = nac_cells_peek(c, &byte, err);
  c->length = 0;
  c->cell[0] = '\0';
  c->line = c->next_line;
  *end = byte < 0 ? NAC_FILE : NAC_ROW;
  while (code == NAC_OK && byte >= 0) {
    skip(c);
    if (byte == '\n') {
      break;
    }
    if (byte != '\r') {
      code = put(c, byte, err);
    }
    if (code == NAC_OK) {
      code = nac_cells_peek(c, &byte, err);
    }
  }
  c->at_row_start = 1;
  return code;
}

static int is_blank(const nac_cells *c, int byte)
{
  return byte == '\r' || ((byte == ' ' || byte == '\t') && byte != c->separator);
}

/* Skips blanks; *byte is what comes then. */
static int skip_blanks(nac_cells *c, int *byte, nac_error *err)
{
  int code = nac_cells_peek(c, byte, err);
  while (code == NAC_OK && *byte >= 0 && is_blank(c, *byte)) {
    skip(c);
    code = nac_cells_peek(c, byte, err);
  }
  return code;
}

/* The cell behind an opening quote, up to the closing one. */
static int read_quoted(nac_cells *c, int quote, nac_error *err)
{
  int byte;
  int code;
  skip(c);
  c->quoted = 1;
  for (;;) {
    code = nac_cells_peek(c, &byte, err);
    if (code != NAC_OK) {
      return code;
    }
    if (byte < 0) {
      return nac_cells_fail(c, err, "a quoted cell starts here and has no end");
    }
    skip(c);
    if (byte == quote) {
      int next;
      code = nac_cells_peek(c, &next, err);
      if (code != NAC_OK || c->escapes || next != quote) {
        return code;
      }
      skip(c); /* a doubled quote stands for one */
    } else if (byte == '\\' && c->escapes) {
      code = nac_cells_peek(c, &byte, err);
      if (code != NAC_OK || byte < 0) {
        continue;
      }
      skip(c);
    }
    code = put(c, byte, err);
    if (code != NAC_OK) {
      return code;
    }
  }
}

/* Empty lines and comments before a row. */
static int skip_lines(nac_cells *c, int *byte, nac_error *err)
{
  int code = skip_blanks(c, byte, err);
  while (code == NAC_OK && *byte == ' ') { /* before the first cell, where blanks separate */
    skip(c);
    code = skip_blanks(c, byte, err);
  }
  while (code == NAC_OK && (*byte == '\n' || (*byte == c->comment && c->comment != 0))) {
    while (code == NAC_OK && *byte >= 0 && *byte != '\n') {
      skip(c);
      code = nac_cells_peek(c, byte, err);
    }
    if (code == NAC_OK && *byte == '\n') {
      skip(c);
      code = skip_blanks(c, byte, err);
    }
  }
  return code;
}

/* Takes what ends a cell: a separator, the end of the line or of the file.
 * Blanks that separate are one separator, and none at the end of a line. */
static int end_cell(nac_cells *c, nac_cell_end *end, nac_error *err)
{
  int byte;
  int separated = 0;
  int code = skip_blanks(c, &byte, err);
  while (code == NAC_OK && byte == (unsigned char)c->separator && (!separated || byte == ' ')) {
    skip(c);
    separated = 1;
    code = byte == ' ' ? skip_blanks(c, &byte, err) : NAC_OK;
  }
  if (code != NAC_OK) {
    return code;
  }
  *end = NAC_CELL;
  if (!separated || c->separator == ' ') {
    if (byte >= 0 && byte != '\n' && !separated) {
      return nac_cells_fail(c, err, "'%c' or the end of the line expected after a quoted cell", c->separator);
    }
    *end = byte < 0 || byte == '\n' ? NAC_ROW : NAC_CELL;
    if (byte == '\n') {
      skip(c);
    }
  }
  c->at_row_start = *end == NAC_ROW;
  return NAC_OK;
}

int nac_cells_next(nac_cells *c, nac_cell_end *end, nac_error *err)
{
  int byte;
  int code = c->at_row_start ? skip_lines(c, &byte, err) : skip_blanks(c, &byte, err);
  c->length = 0;
  c->quoted = 0;
  c->cell[0] = '\0';
  c->line = c->next_line;
  if (code != NAC_OK) {
    return code;
  }
  if (byte < 0 && c->at_row_start) {
    *end = NAC_FILE;
    return NAC_OK;
  }
  if (byte > 0 && strchr(c->quotes, byte) != NULL) {
    code = read_quoted(c, byte, err);
    return code == NAC_OK ? end_cell(c, end, err) : code;
  }
  while (code == NAC_OK && byte >= 0 && byte != '\n' && byte != (unsigned char)c->separator) {
    skip(c);
    code = put(c, byte, err);
    if (code == NAC_OK) {
      code = nac_cells_peek(c, &byte, err);
    }
  }
  while (c->length > 0 && is_blank(c, (unsigned char)c->cell[c->length - 1])) {
    c->cell[--c->length] = '\0';
  }
  return code == NAC_OK ? end_cell(c, end, err) : code;
}
