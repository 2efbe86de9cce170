/**
 * Tables in text files, one sample a row: CSV (RFC 4180, and what is common
 * beside it) and ARFF (the format of Weka and OpenML). Some columns are the
 * features, one or more the answers. Plain or gzip. Memory grows with the rows
 * that really come; messages carry path and line.
 */
#ifndef NAC_TABLE_H
#define NAC_TABLE_H

#include "core/error.h"
#include "core/tensor.h"
#include "core/words.h"

typedef struct nac_table_options {
  char separator;             /* CSV; 0: of , ; tab and | the one that the first line holds most */
  int header;                 /* CSV: 1 yes, 0 no, -1: yes when the first line holds a cell that is no number */
  const char *const *label;   /* names of the columns with the answers; may be none */
  int n_labels;
  const char *const *feature; /* names of the features in the order wanted; none: all columns without the labels */
  int n_features;
  int classes;                /* the one label is a class, any text, not a number */
  const char *const *known;   /* the classes in their order, where they are known; others are refused */
  int n_known;
} nac_table_options;

typedef struct nac_table {
  nac_tensor *x;     /* f32 (rows, features) */
  nac_tensor *y;     /* i32 (rows) classes or f32 (rows, labels); NULL without labels */
  nac_words features; /* names */
  nac_words classes; /* names; class i of y is word i: sorted (as numbers when all are), or as `known` */
} nac_table;

/** Reads a CSV file: quoted cells, CRLF, a byte order mark, lines that start
 * with # (comments) and empty lines are understood. Without a header, columns
 * are called "1", "2", ... NAC_EFORMAT with path and line: a feature that is no
 * finite number, a missing value (empty, ?, NA, nan, ...), rows of different
 * lengths, a column that is not there. */
int nac_csv_read(nac_table *out, const char *path, const nac_table_options *options, nac_error *err);

/** Reads an ARFF file: numeric (real, integer) and nominal attributes. A
 * nominal label gives all classes that its declaration lists; a nominal feature
 * of two values becomes 0 and 1. String and date attributes may stand in
 * columns that are not asked for. Sparse rows and weights are refused. */
int nac_arff_read(nac_table *out, const char *path, const nac_table_options *options, nac_error *err);

/** Frees what it holds. */
void nac_table_free(nac_table *table);

#endif
