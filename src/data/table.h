/*
 * One data file as a table of text cells.
 *
 * The whole file stays in one block; cells are NUL-terminated in place, those of a row one after
 * another, so that a table costs the file and 12 bytes a row.  A format is a function that fills
 * this struct; today: TSV.
 *
 * TSV as GLUE publishes it: columns separated by TAB, rows by LF, quoting OFF (a quotation mark is
 * a character like any other), a UTF-8 byte order mark at the start is dropped, a CR before the LF
 * is dropped, a last line without LF counts.  There is no way to write a TAB or LF inside a cell.
 *
 * A line is bad when it holds a NUL byte or invalid UTF-8 or has another number of columns than
 * the first line.  Bad lines never become rows: they are listed, and the caller decides.
 */
#ifndef ACF_DATA_TABLE_H
#define ACF_DATA_TABLE_H

#include "base/digest.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ACF_BAD_LISTED = 100, /* bad lines listed one by one; more are counted */
    ACF_BAD_REASON = 96
};

typedef struct acf_bad_line {
    int32_t line;
    char reason[ACF_BAD_REASON]; /* "has 3 columns, expected 2" */
} acf_bad_line;

typedef struct acf_table {
    char *path;
    char digest[ACF_DIGEST_HEX + 1]; /* SHA-256 of the file's bytes */
    int n_cols;                      /* of line 1 */
    int n_rows;                      /* line 1 included, bad lines not */
    int32_t *line;                   /* [n_rows] line in the file, from 1 */
    size_t *row;                     /* [n_rows] where its first cell begins in block */
    char *block;
    int n_bad;
    acf_bad_line *bad; /* the first min(n_bad, ACF_BAD_LISTED) */
} acf_table;

/* Read a file in the format that its extension names (.tsv).  ACF_ERR_FORMAT for another one; else
 * as the format's own function. */
acf_status acf_table_read(acf_table *t, const char *path, acf_error *e) ACF_MUST_USE;

/* Read a TSV file.  ACF_ERR_IO: cannot be read; ACF_ERR_FORMAT: empty, too large, or line 1 is bad
 * (its number of columns is everyone's); ACF_ERR_RESOURCE.  On failure *t is empty. */
acf_status acf_table_read_tsv(acf_table *t, const char *path, acf_error *e) ACF_MUST_USE;

/* Cell (row, col), 0 <= row < n_rows, 0 <= col < n_cols; valid until acf_table_free. */
const char *acf_table_cell(const acf_table *t, int row, int col);

/* First column of line 1 with this name, -1 when there is none. */
int acf_table_find(const acf_table *t, const char *name);

/* Count a row that the caller found unfit ("line N <reason>") among the bad lines. */
acf_status acf_table_reject(acf_table *t, int32_t line, const char *reason,
                            acf_error *e) ACF_MUST_USE;

void acf_table_free(acf_table *t);

#endif
