#include "compare/answers.h"

#include "base/cstring.h"
#include "base/mem.h"
#include "data/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX, GOLD, PRED, PROB, CORRECT, TEXT };

acf_status acf_label_pool_add(int32_t *id, acf_label_pool *pool, const char *name, acf_error *e)
{
    *id = acf_label_find(pool->by_name, pool->K, name);
    if (*id >= 0) return ACF_OK;
    size_t need = (size_t)pool->K + 1;
    char **names = acf_grow(pool->name, &pool->name_cap, need, sizeof *names, "labels", e);
    if (names == NULL) return ACF_ERR_RESOURCE;
    pool->name = names;
    acf_label_name *sorted =
        acf_grow(pool->by_name, &pool->by_name_cap, need, sizeof *sorted, "labels", e);
    if (sorted == NULL) return ACF_ERR_RESOURCE;
    pool->by_name = sorted;
    char *copy = acf_strdup(name, e);
    if (copy == NULL) return ACF_ERR_RESOURCE;
    int at = pool->K;
    for (; at > 0 && strcmp(sorted[at - 1].name, name) > 0; at--)
        sorted[at] = sorted[at - 1];
    *id = pool->K++;
    names[*id] = copy;
    sorted[at] = (acf_label_name){copy, *id};
    return ACF_OK;
}

void acf_label_pool_free(acf_label_pool *pool)
{
    for (int k = 0; k < pool->K; k++)
        acf_free(pool->name[k]);
    acf_free(pool->name);
    acf_free(pool->by_name);
    *pool = (acf_label_pool){0};
}

/* Ends of a read: place and what is wrong. */
static acf_status wrong(const acf_table *t, int row, const char *what, const char *cell,
                        const char *wanted, acf_error *e)
{
    return acf_fail(e, ACF_ERR_DATA, "%s:%d: %s '%.*s', expected %s", t->path, (int)t->line[row],
                    what, acf_shown(cell), cell, wanted);
}

static acf_status check_header(const acf_table *t, acf_error *e)
{
    static const char *const name[] = {"index", "gold", "pred", "prob", "correct"};
    for (int col = 0; col < TEXT; col++)
        if (col >= t->n_cols || strcmp(acf_table_cell(t, 0, col), name[col]) != 0)
            return acf_fail(e, ACF_ERR_DATA,
                            "%s: column %d is '%.*s', expected '%s': not a file of predictions",
                            t->path, col + 1, col < t->n_cols ? ACF_SHOWN : 0,
                            col < t->n_cols ? acf_table_cell(t, 0, col) : "", name[col]);
    return t->n_rows > 1 ? ACF_OK : acf_fail(e, ACF_ERR_DATA, "%s: has no rows", t->path);
}

static acf_status check_row(const acf_table *t, int row, bool is_regression, acf_error *e)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%d", row - 1);
    if (strcmp(acf_table_cell(t, row, INDEX), number) != 0)
        return wrong(t, row, "index", acf_table_cell(t, row, INDEX), number, e);
    if (*acf_table_cell(t, row, GOLD) == '\0')
        return acf_fail(e, ACF_ERR_DATA,
                        "%s:%d: has no label: only answers to labelled rows can be compared",
                        t->path, (int)t->line[row]);
    if (!is_regression || *acf_table_cell(t, row, CORRECT) == '\0') return ACF_OK;
    return wrong(t, row, "correct", acf_table_cell(t, row, CORRECT), "nothing, as in line 2", e);
}

static acf_status read_number(double *out, const acf_table *t, int row, int col, const char *what,
                              acf_error *e)
{
    const char *cell = acf_table_cell(t, row, col);
    return acf_number_parse(out, cell) ? ACF_OK : wrong(t, row, what, cell, "a number", e);
}

static acf_status read_numbers(acf_answers *a, const acf_table *t, acf_error *e)
{
    a->target = acf_alloc(a->n, sizeof *a->target, "answers", e);
    a->value = acf_alloc(a->n, sizeof *a->value, "answers", e);
    if (a->target == NULL || a->value == NULL) return ACF_ERR_RESOURCE;
    for (int row = 1; row < t->n_rows; row++) {
        ACF_TRY(check_row(t, row, true, e));
        ACF_TRY(read_number(&a->target[row - 1], t, row, GOLD, "gold", e));
        ACF_TRY(read_number(&a->value[row - 1], t, row, PRED, "pred", e));
    }
    return ACF_OK;
}

static acf_status read_labels(acf_answers *a, acf_label_pool *pool, const acf_table *t, int column,
                              acf_error *e)
{
    a->gold = acf_alloc(a->n, sizeof *a->gold, "answers", e);
    a->pred = acf_alloc(a->n, sizeof *a->pred, "answers", e);
    if (a->gold == NULL || a->pred == NULL) return ACF_ERR_RESOURCE;
    for (int row = 1; row < t->n_rows; row++) {
        const char *gold = acf_table_cell(t, row, GOLD), *pred = acf_table_cell(t, row, column);
        const char *right = strcmp(gold, acf_table_cell(t, row, PRED)) == 0 ? "1" : "0";
        ACF_TRY(check_row(t, row, false, e));
        if (*pred == '\0') return wrong(t, row, "answer", pred, "a label", e);
        if (strcmp(acf_table_cell(t, row, CORRECT), right) != 0)
            return wrong(t, row, "correct", acf_table_cell(t, row, CORRECT), right, e);
        ACF_TRY(acf_label_pool_add(&a->gold[row - 1], pool, gold, e));
        ACF_TRY(acf_label_pool_add(&a->pred[row - 1], pool, pred, e));
    }
    return ACF_OK;
}

static void digest_texts(acf_answers *a, const acf_table *t)
{
    static const char *const name[] = {"text", "text2", "image"};
    acf_digest d;
    acf_digest_init(&d);
    for (int k = 0; k < 3; k++) {
        int col = acf_table_find(t, name[k]);
        for (int row = 1; col >= TEXT && row < t->n_rows; row++) {
            const char *cell = acf_table_cell(t, row, col);
            acf_digest_add(&d, cell, strlen(cell) + 1);
        }
    }
    acf_digest_finish(&d, a->texts);
}

static acf_status read_table(acf_answers *a, acf_label_pool *pool, const acf_table *t,
                             const char *column, acf_error *e)
{
    if (t->n_bad > 0)
        return acf_fail(e, ACF_ERR_DATA, "%s:%d: %s", t->path, (int)t->bad[0].line,
                        t->bad[0].reason);
    ACF_TRY(check_header(t, e));
    a->n = (size_t)t->n_rows - 1;
    a->is_regression =
        *acf_table_cell(t, 1, CORRECT) == '\0' && *acf_table_cell(t, 1, GOLD) != '\0';
    digest_texts(a, t);
    if (a->is_regression) return read_numbers(a, t, e);
    int col = acf_table_find(t, column);
    if (col < 0)
        return acf_fail(e, ACF_ERR_DATA,
                        "%s: has no column '%s'; acf-eval RUN --predictions FILE writes both heads",
                        t->path, column);
    return read_labels(a, pool, t, col, e);
}

acf_status acf_answers_read(acf_answers *a, acf_label_pool *pool, const char *path,
                            const char *column, acf_error *e)
{
    acf_table t;
    *a = (acf_answers){0};
    ACF_TRY_AS(ACF_ERR_DATA, acf_table_read(&t, path, e), e);
    acf_status st = read_table(a, pool, &t, column, e);
    acf_table_free(&t);
    if (st != ACF_OK) acf_answers_free(a);
    return st;
}

bool acf_answers_same_labels(size_t *row, const acf_answers *a, const acf_answers *b)
{
    size_t n = a->n < b->n ? a->n : b->n;
    *row = 0;
    if (a->is_regression != b->is_regression) return false;
    while (*row < n &&
           (a->is_regression ? a->target[*row] == b->target[*row] : a->gold[*row] == b->gold[*row]))
        (*row)++;
    return *row == n && a->n == b->n;
}

void acf_answers_free(acf_answers *a)
{
    acf_free(a->gold);
    acf_free(a->pred);
    acf_free(a->target);
    acf_free(a->value);
    *a = (acf_answers){0};
}
