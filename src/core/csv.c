#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"
#include "core/table_impl.h"

/* The separator that the first line with data holds most, outside quotes. */
static char guess_separator(const nac_cells *c)
{
  static const char candidates[] = ",;\t|";
  size_t count[sizeof candidates] = {0};
  size_t i = c->at;
  size_t best = 0;
  int quoted = 0;
  while (i < c->n && strchr("\r\n#", c->buffer[i]) != NULL && c->buffer[i] != '\0') { /* empty lines, comments */
    const unsigned char *line_end = memchr(c->buffer + i, '\n', c->n - i);
    i = line_end != NULL ? (size_t)(line_end - c->buffer) + 1 : c->n;
  }
  for (; i < c->n && (quoted || c->buffer[i] != '\n'); i++) {
    const char *found = c->buffer[i] != '\0' ? strchr(candidates, c->buffer[i]) : NULL;
    quoted ^= c->buffer[i] == '"';
    if (found != NULL && !quoted) {
      count[found - candidates]++;
    }
  }
  for (i = 1; i < sizeof candidates - 1; i++) {
    best = count[i] > count[best] ? i : best;
  }
  return candidates[best];
}

/* The first row, kept until it is known whether it holds names. */
typedef struct first_row {
  nac_words word; /* "0:text", "1:text", ...: different, so that their order is kept */
  int names;      /* some cell is no number */
} first_row;

static int read_first(nac_table_reader *t, first_row *f, nac_error *err)
{
  nac_cell_end end = NAC_CELL;
  while (end == NAC_CELL) {
    double value;
    char *text;
    size_t size;
    int code = nac_cells_next(t->cells, &end, err);
    if (code != NAC_OK || end == NAC_FILE) {
      return code;
    }
    if (f->word.n == NAC_TABLE_MAX_COLUMNS) {
      return nac_cells_fail(t->cells, err, "more than %d columns", NAC_TABLE_MAX_COLUMNS);
    }
    f->names |= !nac_number_parse(t->cells->cell, &value);
    size = t->cells->length + 16;
    text = nac_malloc(size);
    if (text == NULL) {
      return nac_fail(err, NAC_ENOMEM, "out of memory");
    }
    snprintf(text, size, "%d:%s", (int)f->word.n, t->cells->cell);
    code = nac_words_add(&f->word, text) < 0 ? nac_fail(err, NAC_ENOMEM, "out of memory") : NAC_OK;
    nac_free(text);
    if (code != NAC_OK) {
      return code;
    }
  }
  return NAC_OK;
}

static const char *first_cell(const first_row *f, int i)
{
  return strchr(f->word.word[i], ':') + 1;
}

static int read_all(nac_table_reader *t, first_row *f, nac_error *err)
{
  int code = read_first(t, f, err);
  const int header = t->options->header < 0 ? f->names : t->options->header;
  int i;
  for (i = 0; i < f->word.n && code == NAC_OK; i++) {
    char number[16];
    snprintf(number, sizeof number, "%d", i + 1);
    code = nac_table_column(t, header ? first_cell(f, i) : number, err);
  }
  if (code == NAC_OK && f->word.n == 0) {
    return nac_fail(err, NAC_EFORMAT, "%s: it holds no rows", nac_stream_path(t->cells->stream));
  }
  if (code == NAC_OK) {
    code = nac_table_roles(t, err);
  }
  for (i = 0; !header && i < f->word.n && code == NAC_OK; i++) {
    code = nac_table_cell(t, i, first_cell(f, i), err);
  }
  t->rows += !header;
  if (code == NAC_OK) {
    code = nac_table_rows(t, err);
  }
  return code == NAC_OK ? nac_table_finish(t, err) : code;
}

int nac_csv_read(nac_table *out, const char *path, const nac_table_options *options, nac_error *err)
{
  nac_table_reader t;
  first_row f;
  nac_cells *cells = nac_malloc(sizeof *cells);
  int code;
  memset(out, 0, sizeof *out);
  memset(&t, 0, sizeof t);
  memset(&f, 0, sizeof f);
  if (cells == NULL) {
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  t.cells = cells;
  t.options = options;
  t.out = out;
  code = nac_cells_open(cells, path, err);
  if (code == NAC_OK) {
    cells->comment = '#';
    cells->separator = options->separator != 0 ? options->separator : guess_separator(cells);
    code = read_all(&t, &f, err);
  }
  nac_cells_close(cells);
  nac_free(cells);
  nac_words_free(&f.word);
  nac_table_reader_free(&t);
  if (code != NAC_OK) {
    nac_table_free(out);
  }
  return code;
}
