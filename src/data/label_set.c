#include "data/label_set.h"

#include "base/mem.h"
#include "text/codepoint.h"
#include "text/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t acf_label_find(const acf_label_name *by_name, int K, const char *name)
{
    int low = 0, high = K;
    while (low < high) {
        int mid = low + (high - low) / 2;
        int order = strcmp(by_name[mid].name, name);
        if (order == 0) return by_name[mid].id;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return -1;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(((const acf_label_name *)a)->name, ((const acf_label_name *)b)->name);
}

static acf_status copy_names(char ***names, acf_label_name **by_name, const char *const *given,
                             int K, acf_error *e)
{
    *names = acf_alloc((size_t)K, sizeof **names, "label names", e);
    *by_name = acf_alloc((size_t)K, sizeof **by_name, "label names", e);
    bool is_whole = *names != NULL && *by_name != NULL;
    for (int k = 0; k < K && is_whole; k++) {
        (*names)[k] = acf_strdup(given[k], e);
        (*by_name)[k] = (acf_label_name){(*names)[k], k};
        is_whole = (*names)[k] != NULL;
    }
    if (!is_whole) {
        acf_labels_free(names, by_name, K);
        return ACF_ERR_RESOURCE;
    }
    qsort(*by_name, (size_t)K, sizeof **by_name, by_bytes);
    return ACF_OK;
}

acf_status acf_labels_given(char ***names, acf_label_name **by_name, const char *const *given,
                            int K, acf_error *e)
{
    *names = NULL;
    *by_name = NULL;
    if (K < 2)
        return acf_fail(e, ACF_ERR_USAGE, "data.labels: holds %d label%s, at least two are needed",
                        K, K == 1 ? "" : "s");
    for (int k = 0; k < K; k++)
        if (given[k][0] == '\0')
            return acf_fail(e, ACF_ERR_USAGE, "data.labels: label %d is empty", k);
    ACF_TRY(copy_names(names, by_name, given, K, e));
    for (int k = 1; k < K; k++) {
        if (strcmp((*by_name)[k - 1].name, (*by_name)[k].name) != 0) continue;
        (void)acf_fail(e, ACF_ERR_USAGE, "data.labels: '%s' is listed twice", (*by_name)[k].name);
        acf_labels_free(names, by_name, K);
        return ACF_ERR_USAGE;
    }
    return ACF_OK;
}

acf_status acf_labels_regression(char ***names, acf_label_name **by_name, acf_error *e)
{
    static const char *const one[] = {"LABEL_0"};
    return copy_names(names, by_name, one, 1, e);
}

static int cell_by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

acf_status acf_labels_collect(char ***names, acf_label_name **by_name, int *K, const acf_table *t,
                              int first, int col, acf_error *e)
{
    *names = NULL;
    *by_name = NULL;
    *K = 0;
    const char **cell = acf_alloc((size_t)(t->n_rows - first), sizeof *cell, "labels", e);
    if (cell == NULL) return ACF_ERR_RESOURCE;

    size_t n = 0;
    for (int r = first; r < t->n_rows; r++) {
        const char *name = acf_table_cell(t, r, col);
        if (*name != '\0') cell[n++] = name;
    }
    qsort(cell, n, sizeof *cell, cell_by_bytes);
    int n_names = 0;
    for (size_t i = 0; i < n; i++)
        if (n_names == 0 || strcmp(cell[n_names - 1], cell[i]) != 0) cell[n_names++] = cell[i];

    acf_status st = copy_names(names, by_name, cell, n_names, e);
    acf_free(cell);
    if (st == ACF_OK) *K = n_names;
    return st;
}

/* A name without the blanks around it. */
typedef struct trimmed {
    const char *at, *end;
    int32_t place; /* in the list of names */
} trimmed;

static trimmed trim(const char *name, int32_t place)
{
    trimmed t = {name, name + strlen(name), place};
    uint32_t code;
    while (t.at < t.end) {
        size_t n = acf_utf8_get(&code, t.at, (size_t)(t.end - t.at));
        if (!acf_code_is_space(code)) break;
        t.at += n;
    }
    while (t.at < t.end && acf_code_is_space(acf_utf8_before(t.at, (size_t)(t.end - t.at)))) {
        do
            t.end--;
        while (((unsigned char)*t.end & 0xC0) == 0x80);
    }
    return t;
}

/* By code points in lower case. */
static int by_letters(const void *a, const void *b)
{
    trimmed x = *(const trimmed *)a, y = *(const trimmed *)b;
    while (x.at < x.end && y.at < y.end) {
        uint32_t code, p[2] = {0}, q[2] = {0};
        x.at += acf_utf8_get(&code, x.at, (size_t)(x.end - x.at));
        (void)acf_code_lower(p, code);
        y.at += acf_utf8_get(&code, y.at, (size_t)(y.end - y.at));
        (void)acf_code_lower(q, code);
        if (p[0] != q[0]) return p[0] < q[0] ? -1 : 1;
        if (p[1] != q[1]) return p[1] < q[1] ? -1 : 1;
    }
    return (x.at < x.end) - (y.at < y.end);
}

acf_status acf_labels_alike(int32_t out[2], const acf_label_name *by_name, int K, acf_error *e)
{
    out[0] = out[1] = -1;
    trimmed *list = acf_alloc((size_t)K, sizeof *list, "label names", e);
    if (list == NULL) return ACF_ERR_RESOURCE;
    for (int k = 0; k < K; k++)
        list[k] = trim(by_name[k].name, k);
    qsort(list, (size_t)K, sizeof *list, by_letters);
    for (int k = 1; k < K && out[0] < 0; k++) {
        if (by_letters(&list[k - 1], &list[k]) != 0) continue;
        bool in_order = list[k - 1].place < list[k].place;
        out[0] = list[in_order ? k - 1 : k].place;
        out[1] = list[in_order ? k : k - 1].place;
    }
    acf_free(list);
    return ACF_OK;
}

void acf_labels_free(char ***names, acf_label_name **by_name, int K)
{
    for (int k = 0; k < K && *names != NULL; k++)
        acf_free((*names)[k]);
    acf_free(*names);
    acf_free(*by_name);
    *names = NULL;
    *by_name = NULL;
}

int acf_shown(const char *cell)
{
    size_t at = 0, len = strlen(cell);
    uint32_t code;
    while (at < len) {
        size_t n = acf_utf8_get(&code, cell + at, len - at);
        if (at + n > ACF_SHOWN) break;
        at += n;
    }
    return (int)at;
}

void acf_labels_list(char *text, size_t size, char *const *names, int K)
{
    size_t at = 0;
    text[0] = '\0';
    for (int k = 0; k < K; k++) {
        char one[ACF_SHOWN + 8];
        int n = snprintf(one, sizeof one, "%s'%.*s'", k == 0 ? "" : ", ", acf_shown(names[k]),
                         names[k]);
        if (n < 0 || at + (size_t)n + sizeof ", ..." > size) {
            (void)snprintf(text + at, size - at, ", ...");
            return;
        }
        memcpy(text + at, one, (size_t)n + 1);
        at += (size_t)n;
    }
}
