#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"
#include "core/table_impl.h"

/* A line of declarations at work. */
typedef struct declaration {
  const char *p; /* what is left of the line */
  char *word;    /* room for any word of it */
} declaration;

static void skip_blanks(declaration *d)
{
  while (isspace((unsigned char)*d->p)) {
    d->p++;
  }
}

/* The next word into d->word: in quotes, or up to a blank or one of `stop`.
 * Returns 0 when there is none, or a quote has no end. */
static int take_word(declaration *d, const char *stop)
{
  char *to = d->word;
  skip_blanks(d);
  if (*d->p == '\'' || *d->p == '"') {
    const char quote = *d->p++;
    while (*d->p != quote) {
      d->p += d->p[0] == '\\' && d->p[1] != '\0';
      if (*d->p == '\0') {
        *to = '\0';
        return 0;
      }
      *to++ = *d->p++;
    }
    d->p++;
    *to = '\0';
    return 1;
  }
  while (*d->p != '\0' && !isspace((unsigned char)*d->p) && strchr(stop, *d->p) == NULL) {
    *to++ = *d->p++;
  }
  *to = '\0';
  return to > d->word;
}

/* {a, b, 'c d'}: the values of a nominal attribute. */
static int take_values(nac_table_reader *t, declaration *d, nac_error *err)
{
  nac_column *c = &t->column[t->n_columns - 1];
  c->kind = NAC_COLUMN_NOMINAL;
  d->p++;
  for (;;) {
    int32_t before = c->value.n;
    skip_blanks(d);
    if (*d->p == '}') {
      return NAC_OK;
    }
    if (!take_word(d, ",}")) {
      return nac_cells_fail(t->cells, err, "the values of '%.100s' have no end", c->name);
    }
    if (nac_words_add(&c->value, d->word) < 0) {
      return nac_fail(err, NAC_ENOMEM, "out of memory");
    }
    if (c->value.n == before) {
      return nac_cells_fail(t->cells, err, "'%.100s' lists the value '%.60s' twice", c->name, d->word);
    }
    skip_blanks(d);
    d->p += *d->p == ',';
  }
}

static int take_attribute(nac_table_reader *t, declaration *d, nac_error *err)
{
  static const char *const numeric[] = {"numeric", "real", "integer", NULL};
  static const char *const other[] = {"string", "date", NULL};
  int code;
  int i;
  if (!take_word(d, "{")) {
    return nac_cells_fail(t->cells, err, "an @attribute without a name");
  }
  code = nac_table_column(t, d->word, err);
  if (code != NAC_OK) {
    return code;
  }
  skip_blanks(d);
  if (*d->p == '{') {
    return take_values(t, d, err);
  }
  take_word(d, "");
  for (i = 0; numeric[i] != NULL; i++) {
    if (strcasecmp(numeric[i], d->word) == 0) {
      return NAC_OK;
    }
  }
  for (i = 0; other[i] != NULL; i++) {
    if (strcasecmp(other[i], d->word) == 0) {
      t->column[t->n_columns - 1].kind = NAC_COLUMN_OTHER;
      return NAC_OK;
    }
  }
  return nac_cells_fail(t->cells, err, "attribute '%.100s' is of type '%.60s'; numeric, real, integer, {values}, string and date are known",
                        t->column[t->n_columns - 1].name, d->word);
}

/* One line before the data; *data is set at @data. */
static int take_line(nac_table_reader *t, declaration *d, int *data, nac_error *err)
{
  skip_blanks(d);
  if (*d->p == '\0' || *d->p == '%') {
    return NAC_OK;
  }
  take_word(d, "");
  if (strcasecmp(d->word, "@relation") == 0) {
    return NAC_OK;
  }
  if (strcasecmp(d->word, "@attribute") == 0) {
    return take_attribute(t, d, err);
  }
  *data = strcasecmp(d->word, "@data") == 0;
  return *data ? NAC_OK
               : nac_cells_fail(t->cells, err, "@relation, @attribute, @data or a comment expected, found '%.60s'", d->word);
}

static int read_declarations(nac_table_reader *t, nac_error *err)
{
  int data = 0;
  while (!data) {
    nac_cell_end end;
    declaration d;
    int code = nac_cells_line(t->cells, &end, err);
    if (code != NAC_OK) {
      return code;
    }
    if (end == NAC_FILE) {
      return nac_cells_fail(t->cells, err, "the file ends before @data");
    }
    d.p = t->cells->cell;
    d.word = nac_malloc(t->cells->length + 1);
    if (d.word == NULL) {
      return nac_fail(err, NAC_ENOMEM, "out of memory");
    }
    d.word[0] = '\0';
    code = take_line(t, &d, &data, err);
    nac_free(d.word);
    if (code != NAC_OK) {
      return code;
    }
  }
  return NAC_OK;
}

int nac_arff_read(nac_table *out, const char *path, const nac_table_options *options, nac_error *err)
{
  nac_table_reader t;
  nac_cells *cells = nac_malloc(sizeof *cells);
  int code;
  memset(out, 0, sizeof *out);
  memset(&t, 0, sizeof t);
  if (cells == NULL) {
    return nac_fail(err, NAC_ENOMEM, "%s: out of memory", path);
  }
  t.cells = cells;
  t.options = options;
  t.out = out;
  t.declared = 1;
  code = nac_cells_open(cells, path, err);
  if (code == NAC_OK) {
    cells->comment = '%';
    cells->separator = ',';
    cells->quotes = "'\"";
    cells->escapes = 1;
    code = read_declarations(&t, err);
  }
  if (code == NAC_OK) {
    code = nac_table_roles(&t, err);
  }
  if (code == NAC_OK) {
    code = nac_table_rows(&t, err);
  }
  if (code == NAC_OK) {
    code = nac_table_finish(&t, err);
  }
  nac_cells_close(cells);
  nac_free(cells);
  nac_table_reader_free(&t);
  if (code != NAC_OK) {
    nac_table_free(out);
  }
  return code;
}
