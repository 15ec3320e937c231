/*
 * One data file as a table of text cells, in the format that its extension names.
 *
 *     .tsv     as GLUE publishes it: columns separated by TAB, quoting OFF (a quotation mark is a
 *              character like any other); no way to write a TAB or LF inside a cell
 *     .csv     RFC 4180: columns separated by commas; a cell that begins with a quotation mark ends
 *              at the next single one, may hold commas, CR and LF, and two marks mean one.  In a
 *              cell that begins otherwise a mark is a character
 *     .jsonl   an object of texts, numbers, true, false and null (an empty cell) on every line; the
 *              keys of line 1, at most 1,000, are the columns; every line has them in some order.
 *              Numbers are kept as they are written
 *     .txt     fastText's lines: "__label__NAME text"; columns "label" and "text"
 *     .gz      after one of these: the same, packed by gzip (base/gzip.h)
 *
 * In all: a UTF-8 byte order mark at the start is dropped, a CR before the LF of a row is dropped,
 * a last line without LF counts, empty lines at the end do not.  Lines are counted in the unpacked
 * text, from 1; a row of a CSV file that goes over several lines is named by its first.
 *
 * The whole text stays in one block; cells are NUL-terminated in place, those of a row one after
 * another, so that a table costs the text and 12 bytes a row.  A format is a function that cuts the
 * block (table_internal.h).
 *
 * A line is bad when it is empty, holds a NUL byte or invalid UTF-8, has other columns than the
 * first line, or breaks its format's rules.  Bad lines never become rows: they are listed, and the
 * caller decides.
 */
#ifndef ACF_DATA_TABLE_H
#define ACF_DATA_TABLE_H

#include "base/digest.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ACF_BAD_LISTED = 10000, /* bad lines listed one by one; more are counted */
    ACF_BAD_REASON = 96
};

typedef struct acf_bad_line {
    int32_t line;
    char reason[ACF_BAD_REASON]; /* "has 3 columns, expected 2" */
} acf_bad_line;

typedef enum acf_table_format {
    ACF_TABLE_TSV,
    ACF_TABLE_CSV,
    ACF_TABLE_JSONL,
    ACF_TABLE_FASTTEXT
} acf_table_format;

/* Where a row stands in the raw text: bytes begin .. end - 1, without CR and LF at its end. */
typedef struct acf_table_span {
    size_t begin, end;
} acf_table_span;

typedef struct acf_table {
    char *path;
    acf_table_format format;
    char digest[ACF_DIGEST_HEX + 1]; /* SHA-256 of the file's bytes on disk */
    int n_cols;                      /* of row 0 */
    int n_rows;                      /* bad lines not */
    int32_t *line;                   /* [n_rows] line in the file, from 1 */
    size_t *row;                     /* [n_rows] where its first cell begins in block */
    char *block;
    char *names;          /* cells of row 0 where the format gives names (.jsonl, .txt); else NULL:
                             then row 0 is line 1 */
    char *raw;            /* the text as it was; NULL: not kept */
    acf_table_span *span; /* [n_rows] of raw; NULL: not kept */
    int n_bad;
    acf_bad_line *bad; /* the first min(n_bad, ACF_BAD_LISTED) */
    size_t cap_bad;
} acf_table;

/* The format that a file's name means, ".gz" set aside, in capitals or not; false when it means
 * none. */
bool acf_table_format_of(acf_table_format *out, const char *path);

/* Read a file.  ACF_ERR_IO: cannot be read; ACF_ERR_FORMAT: no such format, damaged gzip data,
 * empty, too large, or line 1 is bad (its columns are everyone's); ACF_ERR_RESOURCE.  On failure *t
 * is empty. */
acf_status acf_table_read(acf_table *t, const char *path, acf_error *e) ACF_MUST_USE;

/* The same with raw and span: for writing rows again as they were. */
acf_status acf_table_read_raw(acf_table *t, const char *path, acf_error *e) ACF_MUST_USE;

/* Cell (row, col), 0 <= row < n_rows, 0 <= col < n_cols; valid until acf_table_free. */
const char *acf_table_cell(const acf_table *t, int row, int col);

/* First column of row 0 with this name, -1 when there is none. */
int acf_table_find(const acf_table *t, const char *name);

/* Has a later column of row 0 the name of this one? */
bool acf_table_has_again(const acf_table *t, int col);

/* What a message about missing columns ends with: "; line 1 looks separated by TAB, a .csv is by
 * commas" (or by ';') of a .csv whose line 1 is one cell that holds such a separator; else "". */
const char *acf_table_hint(const acf_table *t);

/* Count a row that the caller found unfit ("line N <reason>") among the bad lines. */
acf_status acf_table_reject(acf_table *t, int32_t line, const char *reason,
                            acf_error *e) ACF_MUST_USE;

/* Cells and lines are not asked for any more: only the text stays, that cells have pointed to. */
void acf_table_forget_rows(acf_table *t);

void acf_table_free(acf_table *t);

#endif
