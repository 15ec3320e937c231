#include "data/draw.h"

#include "base/mem.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

typedef struct remainder {
    int64_t rest; /* m size_k mod n */
    int32_t k;
} remainder;

static int larger_first(const void *a, const void *b)
{
    const remainder *x = a, *y = b;
    if (x->rest != y->rest) return x->rest > y->rest ? -1 : 1;
    return x->k < y->k ? -1 : 1;
}

acf_status acf_draw_share(int32_t *share, const int32_t *size, int K, int64_t m, bool leave_one,
                          acf_error *e)
{
    remainder *order = acf_alloc((size_t)K, sizeof *order, "class shares", e);
    if (order == NULL) return ACF_ERR_RESOURCE;

    int64_t n = 0, left = m;
    for (int k = 0; k < K; k++)
        n += size[k];
    for (int k = 0; k < K; k++) {
        int64_t scaled = m * size[k]; /* below 2^62: both are below 2^31 */
        int64_t most = leave_one && size[k] > 0 ? size[k] - 1 : size[k];
        int64_t whole = n > 0 ? scaled / n : 0;
        share[k] = (int32_t)(whole < most ? whole : most);
        order[k] = (remainder){share[k] < most ? scaled % n : 0, k};
        left -= share[k];
    }
    qsort(order, (size_t)K, sizeof *order, larger_first);
    for (int i = 0; i < K && left > 0 && order[i].rest > 0; i++, left--)
        share[order[i].k]++;
    acf_free(order);
    return ACF_OK;
}

void acf_draw_by_class(int32_t *begin, int32_t *rows, const int32_t *label, int n, int K)
{
    memset(begin, 0, ((size_t)K + 1) * sizeof *begin);
    for (int i = 0; i < n; i++)
        begin[label[i] + 1]++;
    for (int k = 0; k < K; k++)
        begin[k + 1] += begin[k];
    for (int i = 0; i < n; i++) /* begin[k] runs through class k and ends where k + 1 begins */
        rows[begin[label[i]]++] = i;
    for (int k = K; k > 0; k--)
        begin[k] = begin[k - 1];
    begin[0] = 0;
}

/* Rows by class, those of each class shuffled; both arrays are the caller's (acf_free), also on
 * failure. */
static acf_status shuffle_classes(int32_t **begin, int32_t **rows, const int32_t *label, int n,
                                  int K, acf_draw what, uint64_t seed, acf_error *e)
{
    *begin = acf_alloc((size_t)K + 1, sizeof **begin, "rows by class", e);
    *rows = acf_alloc((size_t)n, sizeof **rows, "rows by class", e);
    if (*begin == NULL || *rows == NULL) return ACF_ERR_RESOURCE;
    acf_draw_by_class(*begin, *rows, label, n, K);
    for (int k = 0; k < K; k++) {
        uint64_t step = (uint64_t)what << 28 | (uint64_t)k;
        acf_rng_shuffle(*rows + (*begin)[k], (size_t)((*begin)[k + 1] - (*begin)[k]),
                        (acf_rng){seed, ACF_STREAM_SPLIT, step});
    }
    return ACF_OK;
}

acf_status acf_draw_rows(bool *taken, const int32_t *label, int n, const int32_t *share, int K,
                         acf_draw what, uint64_t seed, acf_error *e)
{
    int32_t *begin, *rows;
    acf_status st = shuffle_classes(&begin, &rows, label, n, K, what, seed, e);
    if (st == ACF_OK) memset(taken, 0, (size_t)n * sizeof *taken);
    for (int k = 0; k < K && st == ACF_OK; k++)
        for (int32_t i = 0; i < share[k]; i++)
            taken[rows[begin[k] + i]] = true;
    acf_free(begin);
    acf_free(rows);
    return st;
}

acf_status acf_draw_fold(bool *taken, const int32_t *label, int n, int K, int fold, int folds,
                         uint64_t seed, acf_error *e)
{
    int32_t *begin, *rows;
    acf_status st = shuffle_classes(&begin, &rows, label, n, K, ACF_DRAW_FOLD, seed, e);
    for (int i = 0; i < n && st == ACF_OK; i++)
        taken[rows[i]] = i % folds == fold - 1;
    acf_free(begin);
    acf_free(rows);
    return st;
}

/* Of places 0 .. n - 1, dealt to `folds` parts in turn, those of one. */
static int64_t dealt(int64_t n, int fold, int folds)
{
    return (n + folds - fold) / folds;
}

int acf_draw_fold_keeps(const int32_t *size, int K, int fold, int folds)
{
    int kept = 0;
    int64_t place = 0; /* of the class's first row, as acf_draw_fold deals them */
    for (int k = 0; k < K; k++) {
        kept += dealt(place + size[k], fold, folds) - dealt(place, fold, folds) < size[k];
        place += size[k];
    }
    return kept;
}
