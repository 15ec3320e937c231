#include "data/table_internal.h"

#include <stdio.h>
#include <string.h>

/* A row as it stands in the text. */
typedef struct csv_row {
    char *end;       /* of its bytes, without CR and LF */
    char *next;      /* where the next row begins */
    int32_t n_lines; /* lines that it takes */
    int n_cols;
} csv_row;

static int32_t count_lines(const char *at, const char *end)
{
    int32_t n = 0;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        n++;
        at++;
    }
    return n;
}

/* The mark that closes the cell whose opening mark is just before `at`; NULL when there is none. */
static char *closing_mark(char *at, char *stop)
{
    while ((at = memchr(at, '"', (size_t)(stop - at))) != NULL) {
        if (at + 1 == stop || at[1] != '"') return at;
        at += 2;
    }
    return NULL;
}

static bool ends_cell(const char *at, const char *stop)
{
    return at == stop || *at == ',' || *at == '\n' ||
           (*at == '\r' && (at + 1 == stop || at[1] == '\n'));
}

/* Find the row that begins at `at`.  True, with the reason, when its quoting is wrong: an opening
 * mark without a closing one then spoils its line, not the rest of the file. */
static bool find_row(csv_row *row, char reason[ACF_BAD_REASON], char *at, char *stop)
{
    bool is_bad = false;
    char *c = at;
    row->n_cols = 1;
    for (;; c++, row->n_cols++) {
        if (c < stop && *c == '"') {
            char *mark = closing_mark(c + 1, stop);
            if (mark == NULL) {
                acf_table_line line = acf_table_next_line(at, stop);
                row->end = line.end;
                row->next = line.next;
                row->n_lines = 1;
                (void)snprintf(reason, ACF_BAD_REASON,
                               "opens a quotation mark that is never closed (column %d)",
                               row->n_cols - 1);
                return true;
            }
            c = mark + 1;
            if (!ends_cell(c, stop) && !is_bad) {
                (void)snprintf(reason, ACF_BAD_REASON,
                               "has text after a closing quotation mark (column %d)",
                               row->n_cols - 1);
                is_bad = true;
            }
        }
        while (c < stop && *c != ',' && *c != '\n')
            c++;
        if (c == stop || *c == '\n') break;
    }
    row->end = c > at && c[-1] == '\r' ? c - 1 : c;
    row->next = c < stop ? c + 1 : stop;
    row->n_lines = 1 + count_lines(at, c);
    return is_bad;
}

/* The cells of a right row without their marks and separators. */
static void unquote(char *at, const char *end)
{
    char *to = at, *from = at;
    for (bool is_last = false; !is_last;) {
        if (from < end && *from == '"') {
            from++;
            for (;;) {
                char *mark = memchr(from, '"', (size_t)(end - from));
                size_t n = (size_t)(mark - from); /* find_row has seen it */
                memmove(to, from, n);
                to += n;
                from = mark + 1;
                if (from == end || *from != '"') break;
                *to++ = *from++;
            }
        }
        while (from < end && *from != ',')
            *to++ = *from++;
        is_last = from == end;
        from++;
        *to++ = '\0';
    }
}

acf_status acf_table_cut_csv(acf_table *t, char *at, char *stop, acf_error *e)
{
    char reason[ACF_BAD_REASON];
    csv_row row;
    for (int32_t line = 1; at < stop; line += row.n_lines) {
        bool is_bad = find_row(&row, reason, at, stop);
        /* What is wrong with the bytes explains more than what it does to the quoting. */
        is_bad = acf_table_is_bad_text(reason, at, row.end) || is_bad ||
                 acf_table_is_bad_width(reason, row.n_cols, t);
        if (is_bad) {
            ACF_TRY(acf_table_bad(t, line, reason, e));
        } else {
            if (t->n_cols == 0) t->n_cols = row.n_cols;
            acf_table_add(t, line, at, at, row.end);
            unquote(at, row.end);
        }
        at = row.next;
    }
    return ACF_OK;
}
