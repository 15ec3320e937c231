#include "data/table.h"

#include "base/assert.h"
#include "base/gzip.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "data/table_internal.h"
#include "text/utf8.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_BYTES ((size_t)4 << 30) /* far above any text set that is read whole */

typedef struct format_entry {
    const char *extension;
    acf_status (*cut)(acf_table *t, char *at, char *stop, acf_error *e);
} format_entry;

static const format_entry formats[] = {[ACF_TABLE_TSV] = {".tsv", acf_table_cut_tsv},
                                       [ACF_TABLE_CSV] = {".csv", acf_table_cut_csv},
                                       [ACF_TABLE_JSONL] = {".jsonl", acf_table_cut_jsonl},
                                       [ACF_TABLE_FASTTEXT] = {".txt", acf_table_cut_fasttext}};

bool acf_table_format_of(acf_table_format *out, const char *path)
{
    const char *base = acf_path_base(path);
    size_t len = strlen(base) - (acf_gzip_is_name(base) ? 3 : 0);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        size_t n = strlen(formats[i].extension);
        if (len <= n || strncasecmp(base + len - n, formats[i].extension, n) != 0) continue;
        *out = (acf_table_format)i;
        return true;
    }
    return false;
}

acf_status acf_table_reject(acf_table *t, int32_t line, const char *reason, acf_error *e)
{
    if (t->n_bad < ACF_BAD_LISTED) {
        size_t need = (size_t)t->n_bad + 1;
        acf_bad_line *grown = acf_grow(t->bad, &t->cap_bad, need, sizeof *t->bad, t->path, e);
        if (grown == NULL) return ACF_ERR_RESOURCE;
        t->bad = grown;
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

acf_table_line acf_table_next_line(char *at, char *stop)
{
    char *lf = memchr(at, '\n', (size_t)(stop - at));
    char *end = lf != NULL ? lf : stop; /* *stop is the NUL after the file's bytes */
    acf_table_line line = {at, end, lf != NULL ? lf + 1 : stop};
    if (line.end > at && line.end[-1] == '\r') line.end--;
    return line;
}

bool acf_table_is_bad_text(char reason[ACF_BAD_REASON], const char *at, const char *end)
{
    size_t len = (size_t)(end - at);
    size_t good = acf_utf8_is_ascii(at, len) ? len : acf_utf8_valid(at, len);
    const char *nul = memchr(at, '\0', len);
    if (good < len)
        (void)snprintf(reason, ACF_BAD_REASON, "is not valid UTF-8 (byte 0x%02X at byte %zu)",
                       (unsigned)(unsigned char)at[good], good + 1);
    else if (nul != NULL)
        (void)snprintf(reason, ACF_BAD_REASON, "holds a NUL byte (at byte %zu)",
                       (size_t)(nul - at) + 1);
    else if (len == 0)
        (void)snprintf(reason, ACF_BAD_REASON, "is empty");
    return good < len || nul != NULL || len == 0;
}

bool acf_table_is_bad_width(char reason[ACF_BAD_REASON], int n, const acf_table *t)
{
    if (t->n_cols == 0 || n == t->n_cols) return false;
    (void)snprintf(reason, ACF_BAD_REASON, "has %d column%s, expected %d%s", n, n == 1 ? "" : "s",
                   t->n_cols, acf_table_hint(t));
    return true;
}

acf_status acf_table_bad(acf_table *t, int32_t line, const char *reason, acf_error *e)
{
    bool decides = t->format == ACF_TABLE_TSV || t->format == ACF_TABLE_CSV;
    if (t->n_cols > 0 || !decides) return acf_table_reject(t, line, reason, e);
    return acf_fail(
        e, ACF_ERR_FORMAT,
        "%s:%d: %s; mend it: it decides the columns, so data.on_bad_line cannot skip it", t->path,
        (int)line, reason);
}

void acf_table_add(acf_table *t, int32_t line, const char *cell, const char *at, const char *end)
{
    t->line[t->n_rows] = line;
    t->row[t->n_rows] = (size_t)(cell - t->block);
    if (t->span != NULL)
        t->span[t->n_rows] = (acf_table_span){(size_t)(at - t->block), (size_t)(end - t->block)};
    t->n_rows++;
}

acf_status acf_table_set_names(acf_table *t, const char *names, size_t len, int n_cols,
                               acf_error *e)
{
    t->names = acf_alloc(len, 1, t->path, e);
    if (t->names == NULL) return ACF_ERR_RESOURCE;
    memcpy(t->names, names, len);
    t->n_cols = n_cols;
    acf_table_add(t, 1, t->block, t->block, t->block);
    return ACF_OK;
}

/* Memory for as many rows as the block has lines, and one for names. */
static acf_status reserve_rows(acf_table *t, size_t len, bool with_span, acf_error *e)
{
    size_t n = 2;
    for (const char *at = t->block; (at = memchr(at, '\n', len - (size_t)(at - t->block))) != NULL;
         at++)
        n++;
    if (n > INT32_MAX)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: has more than %d lines", t->path, INT32_MAX);
    t->line = acf_alloc(n, sizeof *t->line, t->path, e);
    t->row = acf_alloc(n, sizeof *t->row, t->path, e);
    if (t->line == NULL || t->row == NULL) return ACF_ERR_RESOURCE;
    if (!with_span) return ACF_OK;
    t->span = acf_alloc(n, sizeof *t->span, t->path, e);
    return t->span == NULL ? ACF_ERR_RESOURCE : ACF_OK;
}

/* The file's text into t->block. */
static acf_status load(acf_table *t, size_t *len, const char *path, acf_error *e)
{
    if (acf_gzip_is_name(path)) return acf_gzip_read(&t->block, len, t->digest, path, MAX_BYTES, e);
    ACF_TRY(acf_read_file(&t->block, len, path, MAX_BYTES, e));
    acf_digest_bytes(t->digest, t->block, *len);
    return ACF_OK;
}

/* The length of a text without the empty lines at its end. */
static size_t length_of_lines(const char *text, size_t len)
{
    for (size_t at = len; at > 0 && text[at - 1] == '\n';) {
        at--;
        if (at > 0 && text[at - 1] == '\r') at--;
        if (at > 0 && text[at - 1] == '\n') len = at;
    }
    return len;
}

/* Text files of other systems, told as what they are. */
static acf_status check_text(const char *text, size_t len, const char *path, acf_error *e)
{
    bool is_wide =
        len >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0);
    if (is_wide)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s:1: is not valid UTF-8 (byte 0x%02X at byte 1): it looks like UTF-16; "
                        "iconv -f UTF-16 -t UTF-8 converts it",
                        path, (unsigned)(unsigned char)text[0]);
    const char *cr = memchr(text, '\r', len);
    bool is_old = cr != NULL && cr + 1 < text + len && memchr(text, '\n', len) == NULL &&
                  memchr(text, '"', len) == NULL; /* a cell of a .csv may hold CR */
    if (is_old)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: its lines end in CR alone, expected LF or CR LF; tr '\\r' '\\n' "
                        "converts it",
                        path);
    return ACF_OK;
}

static acf_status read_parts(acf_table *t, const char *path, bool with_raw, acf_error *e)
{
    size_t len = 0;
    t->path = acf_strdup(path, e);
    if (t->path == NULL) return ACF_ERR_RESOURCE;
    ACF_TRY(load(t, &len, path, e));
    ACF_TRY(check_text(t->block, len, path, e));
    len = length_of_lines(t->block, len);
    t->block[len] = '\0';
    if (with_raw) {
        t->raw = acf_alloc(len + 1, 1, path, e);
        if (t->raw == NULL) return ACF_ERR_RESOURCE;
        memcpy(t->raw, t->block, len);
    }
    ACF_TRY(reserve_rows(t, len, with_raw, e));
    char *at = t->block;
    if (len >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) at += 3;
    ACF_TRY(formats[t->format].cut(t, at, t->block + len, e));
    if (t->n_cols > 0) return ACF_OK;
    if (t->n_bad == 0) return acf_fail(e, ACF_ERR_FORMAT, "%s: is empty", path);
    return acf_fail(e, ACF_ERR_FORMAT, "%s:%d: %s, and no line is a good one", path,
                    (int)t->bad[0].line, t->bad[0].reason);
}

static acf_status read_table(acf_table *t, const char *path, bool with_raw, acf_error *e)
{
    *t = (acf_table){0};
    if (!acf_table_format_of(&t->format, path)) {
        if (acf_path_is_dir(path))
            return acf_fail(e, ACF_ERR_IO, "%s: is a directory, expected a file", path);
        if (!acf_path_exists(path))
            return acf_fail(e, ACF_ERR_IO, "%s: there is no such file or directory", path);
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: a data file's format is told by its extension, which must be .tsv, "
                        ".csv, .jsonl or .txt (lines of fastText), each also with .gz",
                        path);
    }
    acf_status st = read_parts(t, path, with_raw, e);
    if (st != ACF_OK) acf_table_free(t);
    return st;
}

acf_status acf_table_read(acf_table *t, const char *path, acf_error *e)
{
    return read_table(t, path, false, e);
}

acf_status acf_table_read_raw(acf_table *t, const char *path, acf_error *e)
{
    return read_table(t, path, true, e);
}

const char *acf_table_cell(const acf_table *t, int row, int col)
{
    ACF_ASSERT(row >= 0 && row < t->n_rows && col >= 0 && col < t->n_cols);
    const char *cell = row == 0 && t->names != NULL ? t->names : t->block + t->row[row];
    while (col-- > 0)
        cell += strlen(cell) + 1;
    return cell;
}

/* The first column from `from` on with this name in row 0. */
static int find_from(const acf_table *t, const char *name, int from)
{
    if (from >= t->n_cols) return -1;
    const char *cell = acf_table_cell(t, 0, from);
    for (int c = from; c < t->n_cols; c++, cell += strlen(cell) + 1)
        if (strcmp(cell, name) == 0) return c;
    return -1;
}

int acf_table_find(const acf_table *t, const char *name)
{
    return find_from(t, name, 0);
}

const char *acf_table_hint(const acf_table *t)
{
    if (t->format != ACF_TABLE_CSV || t->n_cols != 1) return "";
    const char *cell = acf_table_cell(t, 0, 0);
    if (strchr(cell, '\t') != NULL) return "; line 1 looks separated by TAB, a .csv is by commas";
    return strchr(cell, ';') != NULL ? "; line 1 looks separated by ';', a .csv is by commas" : "";
}

bool acf_table_has_again(const acf_table *t, int col)
{
    return find_from(t, acf_table_cell(t, 0, col), col + 1) >= 0;
}

void acf_table_forget_rows(acf_table *t)
{
    acf_free(t->line);
    acf_free(t->row);
    t->line = NULL;
    t->row = NULL;
    t->n_rows = 0;
}

void acf_table_free(acf_table *t)
{
    acf_free(t->path);
    acf_free(t->line);
    acf_free(t->row);
    acf_free(t->block);
    acf_free(t->names);
    acf_free(t->raw);
    acf_free(t->span);
    acf_free(t->bad);
    *t = (acf_table){0};
}
