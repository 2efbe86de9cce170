#include "core/table.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"
#include "core/table_impl.h"

enum { MAX_CLASSES = 65536 };

static int out_of_memory(const nac_table_reader *t, nac_error *err)
{
  return nac_fail(err, NAC_ENOMEM, "%s: out of memory", nac_stream_path(t->cells->stream));
}

int nac_table_column(nac_table_reader *t, const char *name, nac_error *err)
{
  nac_column *c;
  if (t->n_columns == NAC_TABLE_MAX_COLUMNS) {
    return nac_cells_fail(t->cells, err, "more than %d columns", NAC_TABLE_MAX_COLUMNS);
  }
  if ((t->n_columns & (t->n_columns - 1)) == 0) { /* at each power of two */
    c = nac_realloc(t->column, 2 * ((size_t)t->n_columns + 1) * sizeof *c);
    if (c == NULL) {
      return out_of_memory(t, err);
    }
    t->column = c;
  }
  c = &t->column[t->n_columns];
  memset(c, 0, sizeof *c);
  c->role = NAC_SKIPPED;
  c->name = nac_strdup(name);
  if (c->name == NULL) {
    return out_of_memory(t, err);
  }
  t->n_columns++;
  return NAC_OK;
}

/* --- roles --- */

/* The column of that name, which must not have a role yet. */
static int find_column(const nac_table_reader *t, const char *name, nac_column **out, nac_error *err)
{
  int i;
  *out = NULL;
  for (i = 0; i < t->n_columns; i++) {
    if (strcmp(t->column[i].name, name) == 0) {
      if (*out != NULL) {
        return nac_cells_fail(t->cells, err, "two columns are called '%.100s'", name);
      }
      *out = &t->column[i];
    }
  }
  if (*out == NULL) {
    return nac_cells_fail(t->cells, err, "there is no column '%.100s'; the %d columns are '%.60s'%s%.60s%s", name,
                          t->n_columns, t->n_columns > 0 ? t->column[0].name : "", t->n_columns > 1 ? " ... '" : "",
                          t->n_columns > 1 ? t->column[t->n_columns - 1].name : "", t->n_columns > 1 ? "'" : "");
  }
  if ((*out)->role != NAC_SKIPPED) {
    return nac_cells_fail(t->cells, err, "the column '%.100s' is asked for twice", name);
  }
  return NAC_OK;
}

/* A feature is a number, or one of two words. */
static int check_feature(const nac_table_reader *t, const nac_column *c, nac_error *err)
{
  if (c->kind == NAC_COLUMN_OTHER || (c->kind == NAC_COLUMN_NOMINAL && c->value.n > 2)) {
    return nac_cells_fail(t->cells, err, "the attribute '%.100s' is %s and cannot be a feature; name the features without it",
                          c->name, c->kind == NAC_COLUMN_OTHER ? "a text or a date" : "nominal with more than two values");
  }
  return NAC_OK;
}

static int give_labels(nac_table_reader *t, nac_error *err)
{
  int i;
  for (i = 0; i < t->options->n_labels; i++) {
    nac_column *c;
    int code = find_column(t, t->options->label[i], &c, err);
    if (code == NAC_OK && c->kind != NAC_COLUMN_NUMBER && !t->options->classes) {
      code = nac_cells_fail(t->cells, err, "the label '%.100s' is not numeric; is this a classification?", c->name);
    }
    if (code != NAC_OK) {
      return code;
    }
    c->role = i;
    c->is_label = 1;
  }
  t->n_y = t->options->n_labels;
  return NAC_OK;
}

static int give_features(nac_table_reader *t, nac_error *err)
{
  int i;
  int code = NAC_OK;
  for (i = 0; i < t->options->n_features && code == NAC_OK; i++) {
    nac_column *c;
    code = find_column(t, t->options->feature[i], &c, err);
    if (code == NAC_OK) {
      code = check_feature(t, c, err);
      c->role = t->n_x++;
    }
  }
  for (i = 0; i < t->n_columns && t->options->n_features == 0 && code == NAC_OK; i++) {
    if (t->column[i].role == NAC_SKIPPED) {
      code = check_feature(t, &t->column[i], err);
      t->column[i].role = t->n_x++;
    }
  }
  if (code == NAC_OK && t->n_x == 0) {
    code = nac_cells_fail(t->cells, err, "no column is left for the features");
  }
  return code;
}

/* The classes that are known before the first row. */
static int start_classes(nac_table_reader *t, nac_error *err)
{
  const nac_words *declared = NULL;
  int i;
  for (i = 0; i < t->n_columns && t->options->classes; i++) {
    declared = t->column[i].is_label ? &t->column[i].value : declared;
  }
  for (i = 0; i < t->options->n_known; i++) {
    if (nac_words_add(&t->out->classes, t->options->known[i]) < 0) {
      return out_of_memory(t, err);
    }
  }
  for (i = 0; declared != NULL && t->options->n_known == 0 && i < declared->n; i++) {
    if (nac_words_add(&t->out->classes, declared->word[i]) < 0) {
      return out_of_memory(t, err);
    }
  }
  return NAC_OK;
}

/* Names of the features in the order of x; two columns of one name get one word. */
static int name_features(nac_table_reader *t, nac_error *err)
{
  const char **name = nac_calloc((size_t)t->n_x, sizeof *name);
  int code = name == NULL ? out_of_memory(t, err) : NAC_OK;
  int i;
  for (i = 0; i < t->n_columns && code == NAC_OK; i++) {
    if (t->column[i].role != NAC_SKIPPED && !t->column[i].is_label) {
      name[t->column[i].role] = t->column[i].name;
    }
  }
  for (i = 0; i < t->n_x && code == NAC_OK; i++) {
    code = nac_words_add(&t->out->features, name[i]) < 0 ? out_of_memory(t, err) : NAC_OK;
  }
  nac_free(name);
  return code;
}

int nac_table_roles(nac_table_reader *t, nac_error *err)
{
  int code = give_labels(t, err);
  if (code == NAC_OK) {
    code = give_features(t, err);
  }
  if (code == NAC_OK) {
    code = start_classes(t, err);
  }
  return code == NAC_OK ? name_features(t, err) : code;
}

/* --- cells --- */

static int is_missing(const char *text)
{
  static const char *const words[] = {"",     "?",    "NA",   "N/A", "nan", "NaN",
                                      "NAN",  "null", "NULL", "None", "-",   NULL};
  int i;
  for (i = 0; words[i] != NULL; i++) {
    if (strcmp(words[i], text) == 0) {
      return 1;
    }
  }
  return 0;
}

static int missing(const nac_table_reader *t, const nac_column *c, nac_error *err)
{
  return nac_cells_fail(t->cells, err, "the value of column '%.100s' is missing; rows with gaps cannot be used", c->name);
}

static int take_class(nac_table_reader *t, const nac_column *c, const char *text, nac_error *err)
{
  nac_words *classes = &t->out->classes;
  int32_t found = nac_words_find(classes, text);
  if (text[0] == '\0' || strcmp(text, "?") == 0) {
    return missing(t, c, err);
  }
  if (found < 0 && (t->options->n_known > 0 || c->kind == NAC_COLUMN_NOMINAL)) {
    return nac_cells_fail(t->cells, err, "'%.60s' is not one of the %d classes of '%.100s'", text, (int)classes->n,
                          c->name);
  }
  if (found < 0 && classes->n == MAX_CLASSES) {
    return nac_cells_fail(t->cells, err, "more than %d different classes in '%.100s'; is this a regression?", MAX_CLASSES,
                          c->name);
  }
  found = found < 0 ? nac_words_add(classes, text) : found;
  t->label[t->rows] = found;
  return found < 0 ? out_of_memory(t, err) : NAC_OK;
}

static int take_number(nac_table_reader *t, const nac_column *c, const char *text, float *to, nac_error *err)
{
  double value;
  if (c->kind == NAC_COLUMN_NOMINAL) {
    int32_t found = nac_words_find(&c->value, text);
    if (found < 0) {
      return is_missing(text) ? missing(t, c, err)
                              : nac_cells_fail(t->cells, err, "'%.60s' is not a value of '%.100s'", text, c->name);
    }
    *to = (float)found;
    return NAC_OK;
  }
  if (!nac_number_parse(text, &value)) {
    return is_missing(text) ? missing(t, c, err)
                            : nac_cells_fail(t->cells, err, "column '%.100s': '%.60s' is not a number", c->name, text);
  }
  *to = (float)value;
  if (!isfinite(*to)) {
    return nac_cells_fail(t->cells, err, "column '%.100s': %.60s does not fit into a 32-bit float", c->name, text);
  }
  return NAC_OK;
}

static int grow(nac_table_reader *t, nac_error *err)
{
  const int64_t room = t->room > 0 ? 2 * t->room : 64;
  float *x = nac_realloc(t->x, (size_t)(room * t->n_x) * sizeof *x);
  void *y;
  if (x == NULL) {
    return out_of_memory(t, err);
  }
  t->x = x;
  if (t->options->classes && t->n_y > 0) {
    y = nac_realloc(t->label, (size_t)room * sizeof *t->label);
    t->label = y != NULL ? y : t->label;
  } else {
    y = nac_realloc(t->y, (size_t)(room * t->n_y) * sizeof *t->y);
    t->y = y != NULL ? y : t->y;
  }
  if (y == NULL) {
    return out_of_memory(t, err);
  }
  t->room = room;
  return NAC_OK;
}

int nac_table_cell(nac_table_reader *t, int i, const char *text, nac_error *err)
{
  const nac_column *c;
  if (i >= t->n_columns) {
    return nac_cells_fail(t->cells, err, "more than %d cells, but there are %d columns", t->n_columns, t->n_columns);
  }
  c = &t->column[i];
  if (t->rows == t->room) {
    int code = grow(t, err);
    if (code != NAC_OK) {
      return code;
    }
  }
  if (c->role == NAC_SKIPPED) {
    return NAC_OK;
  }
  if (!c->is_label) {
    return take_number(t, c, text, t->x + t->rows * t->n_x + c->role, err);
  }
  return t->options->classes ? take_class(t, c, text, err)
                             : take_number(t, c, text, t->y + t->rows * t->n_y + c->role, err);
}

int nac_table_rows(nac_table_reader *t, nac_error *err)
{
  nac_cells *c = t->cells;
  int i = 0;
  for (;;) {
    nac_cell_end end;
    int code = nac_cells_next(c, &end, err);
    if (code != NAC_OK || end == NAC_FILE) {
      return code;
    }
    if (i == 0 && t->declared && c->cell[0] == '{' && !c->quoted) {
      return nac_cells_fail(c, err, "a sparse row ({index value, ...}); sparse ARFF cannot be read, store the rows in full");
    }
    if (i == t->n_columns && t->declared && c->cell[0] == '{') {
      return nac_cells_fail(c, err, "a row with a weight ({%.20s); weights cannot be used", c->cell + 1);
    }
    code = nac_table_cell(t, i++, c->cell, err);
    if (code != NAC_OK) {
      return code;
    }
    if (end == NAC_ROW) {
      if (i < t->n_columns) {
        return nac_cells_fail(c, err, "%d cells, but there are %d columns", i, t->n_columns);
      }
      t->rows++;
      i = 0;
    }
  }
}

/* --- the end --- */

/* Wraps a block, which the tensor then owns. */
static int wrap(nac_tensor **out, nac_dtype dtype, int rank, const int64_t *dim, void *block, nac_error *err)
{
  return nac_tensor_wrap(out, dtype, rank, dim, block, nac_free, block, err);
}

static int sort_classes(nac_table_reader *t, nac_error *err)
{
  int32_t *place = nac_malloc(((size_t)t->out->classes.n + 1) * sizeof *place);
  int64_t i;
  if (place == NULL || !nac_words_sort(&t->out->classes, place)) {
    nac_free(place);
    return out_of_memory(t, err);
  }
  for (i = 0; i < t->rows; i++) {
    t->label[i] = place[t->label[i]];
  }
  nac_free(place);
  return NAC_OK;
}

int nac_table_finish(nac_table_reader *t, nac_error *err)
{
  int64_t dim[2] = {t->rows, t->n_x};
  int code;
  if (t->rows == 0) {
    return nac_fail(err, NAC_EFORMAT, "%s: it holds no rows", nac_stream_path(t->cells->stream));
  }
  code = wrap(&t->out->x, NAC_F32, 2, dim, t->x, err);
  if (code != NAC_OK) {
    return code;
  }
  t->x = NULL;
  dim[1] = t->n_y;
  if (t->n_y > 0 && t->options->classes) {
    code = t->options->n_known > 0 ? NAC_OK : sort_classes(t, err);
    if (code == NAC_OK) {
      code = wrap(&t->out->y, NAC_I32, 1, dim, t->label, err);
      t->label = code == NAC_OK ? NULL : t->label;
    }
  } else if (t->n_y > 0) {
    code = wrap(&t->out->y, NAC_F32, 2, dim, t->y, err);
    t->y = code == NAC_OK ? NULL : t->y;
  }
  return code;
}

void nac_table_reader_free(nac_table_reader *t)
{
  int i;
  for (i = 0; i < t->n_columns; i++) {
    nac_free(t->column[i].name);
    nac_words_free(&t->column[i].value);
  }
  nac_free(t->column);
  nac_free(t->x);
  nac_free(t->y);
  nac_free(t->label);
}

void nac_table_free(nac_table *table)
{
  nac_tensor_free(table->x);
  nac_tensor_free(table->y);
  nac_words_free(&table->features);
  nac_words_free(&table->classes);
  memset(table, 0, sizeof *table);
}
