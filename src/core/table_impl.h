/* What the readers of text tables share: bytes to cells, cells to columns. */
#ifndef NAC_TABLE_IMPL_H
#define NAC_TABLE_IMPL_H

#include "core/stream.h"
#include "core/table.h"

enum { NAC_TABLE_MAX_COLUMNS = 65536 };

/* Where a cell ended. */
typedef enum nac_cell_end { NAC_CELL, NAC_ROW, NAC_FILE } nac_cell_end;

/* A scanner of cells. `line` counts from 1 and is that of the cell just read. */
typedef struct nac_cells {
  nac_stream *stream;
  unsigned char buffer[65536];
  size_t at;
  size_t n;
  int64_t line;
  int64_t next_line;  /* of the byte that comes next */
  char separator;
  char comment;       /* at the start of a line */
  const char *quotes; /* characters that may open a quoted cell */
  int escapes;        /* a backslash takes the next byte as it is; else a doubled quote is one */
  int at_row_start;
  char *cell;
  size_t length;
  size_t room;
  int quoted; /* whether the cell stood in quotes */
} nac_cells;

/** Opens a file; the caller then sets how cells look. */
int nac_cells_open(nac_cells *c, const char *path, nac_error *err);
void nac_cells_close(nac_cells *c);

/** The next byte without taking it, or -1 at the end of the file. */
int nac_cells_peek(nac_cells *c, int *byte, nac_error *err);

/** Reads a cell into c->cell, without blanks around it. NAC_FILE: there was none. */
int nac_cells_next(nac_cells *c, nac_cell_end *end, nac_error *err);

/** Reads the rest of the line into c->cell. NAC_FILE: the file is at its end. */
int nac_cells_line(nac_cells *c, nac_cell_end *end, nac_error *err);

/** Fails with "path:line: ..." */
int nac_cells_fail(const nac_cells *c, nac_error *err, const char *format, ...) __attribute__((format(printf, 3, 4)));
#ifdef __clang_analyzer__ /* as in error.h */
#define nac_cells_fail(c, err, ...) ((void)nac_cells_fail(c, err, __VA_ARGS__), NAC_EFORMAT)
#endif

typedef struct nac_column {
  char *name;
  enum { NAC_COLUMN_NUMBER, NAC_COLUMN_NOMINAL, NAC_COLUMN_OTHER } kind; /* OTHER: text that is no feature */
  nac_words value; /* of a nominal column */
  int role;        /* NAC_SKIPPED, or the place among features or labels */
  int is_label;
} nac_column;
#define NAC_SKIPPED (-1)

/* A table while it is read. */
typedef struct nac_table_reader {
  nac_cells *cells;
  const nac_table_options *options;
  nac_table *out;
  int declared; /* columns have kinds (ARFF) */
  nac_column *column;
  int n_columns;
  int n_x;
  int n_y;
  float *x;
  float *y;       /* numbers, or ... */
  int32_t *label; /* ... classes */
  int64_t rows;
  int64_t room;
} nac_table_reader;

/** Adds a column; its name is copied. */
int nac_table_column(nac_table_reader *t, const char *name, nac_error *err);

/** Gives columns their roles; to be called before the first row. */
int nac_table_roles(nac_table_reader *t, nac_error *err);

/** Takes the text of column `i` of the row at hand. */
int nac_table_cell(nac_table_reader *t, int i, const char *text, nac_error *err);

/** Reads cells up to the end of the file. */
int nac_table_rows(nac_table_reader *t, nac_error *err);

/** Turns what was read into tensors. */
int nac_table_finish(nac_table_reader *t, nac_error *err);

/** Frees the reader's memory, not what it was given. */
void nac_table_reader_free(nac_table_reader *t);

#endif
