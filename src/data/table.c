#include "data/table.h"

#include "base/assert.h"
#include "base/io.h"
#include "base/mem.h"
#include "text/utf8.h"

#include <stdio.h>
#include <string.h>

#define MAX_BYTES ((size_t)4 << 30) /* far above any text set that is read whole */

acf_status acf_table_reject(acf_table *t, int32_t line, const char *reason, acf_error *e)
{
    if (t->bad == NULL) {
        t->bad = acf_alloc(ACF_BAD_LISTED, sizeof *t->bad, t->path, e);
        if (t->bad == NULL) return ACF_ERR_RESOURCE;
    }
    int at = t->n_bad < ACF_BAD_LISTED ? t->n_bad : ACF_BAD_LISTED;
    while (at > 0 && t->bad[at - 1].line > line) { /* the list stays in the file's order */
        if (at < ACF_BAD_LISTED) t->bad[at] = t->bad[at - 1];
        at--;
    }
    t->n_bad++;
    if (at == ACF_BAD_LISTED) return ACF_OK;
    t->bad[at].line = line;
    (void)snprintf(t->bad[at].reason, sizeof t->bad[at].reason, "%s", reason);
    return ACF_OK;
}

static int count_columns(const char *at, const char *end)
{
    int n = 1;
    while ((at = memchr(at, '\t', (size_t)(end - at))) != NULL) {
        n++;
        at++;
    }
    return n;
}

/* What is wrong with the line at .. end - 1, into reason; false when nothing is.  n_cols 0: any
 * number of columns. */
static bool is_bad_line(char reason[ACF_BAD_REASON], const char *at, const char *end, int n_cols)
{
    size_t len = (size_t)(end - at);
    if (!acf_utf8_is_ascii(at, len) && !acf_utf8_is_valid(at, len)) {
        size_t good = 0; /* bytes before the first part that is not valid */
        uint32_t code;
        size_t n = acf_utf8_get(&code, at, len);
        while (acf_utf8_is_valid(at + good, n)) {
            good += n;
            n = acf_utf8_get(&code, at + good, len - good);
        }
        (void)snprintf(reason, ACF_BAD_REASON, "is not valid UTF-8 (byte 0x%02X at byte %zu)",
                       (unsigned)(unsigned char)at[good], good + 1);
        return true;
    }
    const char *nul = memchr(at, '\0', len);
    if (nul != NULL) {
        (void)snprintf(reason, ACF_BAD_REASON, "holds a NUL byte (at byte %zu)",
                       (size_t)(nul - at) + 1);
        return true;
    }
    if (len == 0) {
        (void)snprintf(reason, ACF_BAD_REASON, "is empty");
        return true;
    }
    int n = count_columns(at, end);
    if (n_cols != 0 && n != n_cols) {
        (void)snprintf(reason, ACF_BAD_REASON, "has %d column%s, expected %d", n, n == 1 ? "" : "s",
                       n_cols);
        return true;
    }
    return false;
}

/* Memory for as many rows as the block has lines. */
static acf_status reserve_rows(acf_table *t, size_t len, acf_error *e)
{
    size_t n = 1;
    for (const char *at = t->block; (at = memchr(at, '\n', len - (size_t)(at - t->block))) != NULL;
         at++)
        n++;
    if (n > INT32_MAX)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: has more than %d lines", t->path, INT32_MAX);
    t->line = acf_alloc(n, sizeof *t->line, t->path, e);
    t->row = acf_alloc(n, sizeof *t->row, t->path, e);
    return t->line == NULL || t->row == NULL ? ACF_ERR_RESOURCE : ACF_OK;
}

/* Cut the block into rows and cells, in place. */
static acf_status split_lines(acf_table *t, size_t len, acf_error *e)
{
    char *at = t->block, *stop = t->block + len;
    if (len >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) at += 3;

    for (int32_t line = 1; at < stop; line++) {
        char *lf = memchr(at, '\n', (size_t)(stop - at));
        char *end = lf != NULL ? lf : stop; /* *stop is the NUL after the file's bytes */
        char *next = lf != NULL ? lf + 1 : stop;
        if (end > at && end[-1] == '\r') end--;

        char reason[ACF_BAD_REASON];
        if (is_bad_line(reason, at, end, t->n_cols)) {
            if (line == 1) return acf_fail(e, ACF_ERR_FORMAT, "%s:1: %s", t->path, reason);
            ACF_TRY(acf_table_reject(t, line, reason, e));
        } else {
            if (line == 1) t->n_cols = count_columns(at, end);
            t->line[t->n_rows] = line;
            t->row[t->n_rows] = (size_t)(at - t->block);
            t->n_rows++;
            for (char *tab = at; (tab = memchr(tab, '\t', (size_t)(end - tab))) != NULL; tab++)
                *tab = '\0';
            *end = '\0';
        }
        at = next;
    }
    if (t->n_cols == 0) return acf_fail(e, ACF_ERR_FORMAT, "%s: is empty", t->path);
    return ACF_OK;
}

acf_status acf_table_read_tsv(acf_table *t, const char *path, acf_error *e)
{
    size_t len;
    *t = (acf_table){0};
    acf_status st = acf_read_file(&t->block, &len, path, MAX_BYTES, e);
    if (st != ACF_OK) return st;

    acf_digest_bytes(t->digest, t->block, len);
    t->path = acf_strdup(path, e);
    st = t->path == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    if (st == ACF_OK) st = reserve_rows(t, len, e);
    if (st == ACF_OK) st = split_lines(t, len, e);
    if (st != ACF_OK) acf_table_free(t);
    return st;
}

acf_status acf_table_read(acf_table *t, const char *path, acf_error *e)
{
    const char *base = acf_path_base(path);
    const char *extension = strrchr(base, '.');
    *t = (acf_table){0};
    if (extension != NULL && strcmp(extension, ".tsv") == 0) return acf_table_read_tsv(t, path, e);
    if (acf_path_is_dir(path))
        return acf_fail(e, ACF_ERR_IO, "%s: is a directory, expected a file", path);
    return acf_fail(e, ACF_ERR_FORMAT,
                    "%s: a data file's format is told by its extension, which must be .tsv", path);
}

const char *acf_table_cell(const acf_table *t, int row, int col)
{
    ACF_ASSERT(row >= 0 && row < t->n_rows && col >= 0 && col < t->n_cols);
    const char *cell = t->block + t->row[row];
    while (col-- > 0)
        cell += strlen(cell) + 1;
    return cell;
}

int acf_table_find(const acf_table *t, const char *name)
{
    for (int c = 0; c < t->n_cols; c++)
        if (strcmp(acf_table_cell(t, 0, c), name) == 0) return c;
    return -1;
}

void acf_table_free(acf_table *t)
{
    acf_free(t->path);
    acf_free(t->line);
    acf_free(t->row);
    acf_free(t->block);
    acf_free(t->bad);
    *t = (acf_table){0};
}
