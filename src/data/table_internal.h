/* What the formats of tables share.  A format cuts the text at .. stop - 1, behind which stands a
 * NUL, into rows, writing their cells into the same bytes: a row's cells never need more room than
 * its own text. */
#ifndef ACF_DATA_TABLE_INTERNAL_H
#define ACF_DATA_TABLE_INTERNAL_H

#include "data/table.h"

acf_status acf_table_cut_tsv(acf_table *t, char *at, char *stop, acf_error *e) ACF_MUST_USE;
acf_status acf_table_cut_csv(acf_table *t, char *at, char *stop, acf_error *e) ACF_MUST_USE;
acf_status acf_table_cut_jsonl(acf_table *t, char *at, char *stop, acf_error *e) ACF_MUST_USE;
acf_status acf_table_cut_fasttext(acf_table *t, char *at, char *stop, acf_error *e) ACF_MUST_USE;

/* One line of the text. */
typedef struct acf_table_line {
    char *at, *end; /* its bytes, without CR and LF */
    char *next;     /* where the line after it begins */
} acf_table_line;
acf_table_line acf_table_next_line(char *at, char *stop);

/* What is wrong with the text at .. end - 1 of a row, whatever the format: empty, NUL bytes, no
 * valid UTF-8; false when nothing is. */
bool acf_table_is_bad_text(char reason[ACF_BAD_REASON], const char *at, const char *end);

/* "has 1 column, expected 2" into reason; false when t has n columns (or no rows yet). */
bool acf_table_is_bad_width(char reason[ACF_BAD_REASON], int n, const acf_table *t);

/* A bad line: one for the list, but the end of it all when the columns are those of this line. */
acf_status acf_table_bad(acf_table *t, int32_t line, const char *reason, acf_error *e) ACF_MUST_USE;

/* Row 0 of a format that gives names: a copy of n_cols names one after another, each with its NUL,
 * len bytes in all.  ACF_ERR_RESOURCE. */
acf_status acf_table_set_names(acf_table *t, const char *names, size_t len, int n_cols,
                               acf_error *e) ACF_MUST_USE;

/* A row whose cells begin at `cell` in the block; its text is at .. end - 1. */
void acf_table_add(acf_table *t, int32_t line, const char *cell, const char *at, const char *end);

#endif
