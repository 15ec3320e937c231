#include "metrics/paired.h"

#include "base/mem.h"
#include "metrics/bootstrap.h"
#include "metrics/correlation.h"

#include <stdlib.h>
#include <string.h>

bool acf_paired_has_metric(acf_metric metric, bool is_regression)
{
    switch (metric) {
    case ACF_METRIC_ACCURACY:
    case ACF_METRIC_BALANCED_ACCURACY:
    case ACF_METRIC_F1:
    case ACF_METRIC_MACRO_F1:
    case ACF_METRIC_MCC:
    case ACF_METRIC_MICRO_F1:
    case ACF_METRIC_WEIGHTED_F1:
        return !is_regression;
    case ACF_METRIC_PEARSON:
    case ACF_METRIC_SPEARMAN:
    case ACF_METRIC_MSE:
    case ACF_METRIC_LOSS:
        return is_regression;
    case ACF_METRIC_LOG_LOSS:
    case ACF_METRIC_BRIER:
    case ACF_METRIC_ECE:
    case ACF_METRIC_TEMPERATURE:
    case ACF_METRIC_AUROC:
    case ACF_METRIC_TOP5:
    case ACF_METRIC_COUNT:
        return false;
    }
    return false;
}

/* One example while equal ones are looked for. */
typedef struct example {
    const int32_t *at;
    size_t width;
} example;

static int compare(const void *a, const void *b)
{
    const example *x = a, *y = b;
    return memcmp(x->at, y->at, x->width * sizeof *x->at);
}

/* Examples as rows of ids [n, width]; of accuracy whether each answer is right, the label 1. */
static void put_rows(int32_t *row, const acf_paired *p, const acf_paired_block *b,
                     const acf_paired_part *part)
{
    size_t width = 1 + 2 * b->n_parts;
    for (size_t i = 0; i < (size_t)b->n; i++) {
        int32_t *r = row + i * width;
        r[0] = p->by_right ? 1 : part->gold[i];
        for (size_t k = 0; k < 2 * b->n_parts; k++) {
            int32_t answer = part[k / 2].answer[k % 2][i];
            r[1 + k] = p->by_right ? answer == part->gold[i] : answer;
        }
    }
}

static acf_status open_classes(acf_paired_block *b, const acf_paired *p,
                               const acf_paired_part *part, acf_error *e)
{
    size_t n = (size_t)b->n, width = 1 + 2 * b->n_parts;
    acf_status st = ACF_ERR_RESOURCE;
    int32_t *row = acf_alloc(n * width, sizeof *row, "paired answers", e);
    example *list = acf_alloc(n, sizeof *list, "paired answers", e);
    if (row == NULL || list == NULL) goto done;
    put_rows(row, p, b, part);
    for (size_t i = 0; i < n; i++)
        list[i] = (example){row + i * width, width};
    qsort(list, n, sizeof *list, compare);
    for (size_t i = 0; i < n; i++)
        b->n_units += i == 0 || compare(&list[i - 1], &list[i]) != 0 ? 1 : 0;

    b->cls = acf_alloc(b->n_units * width, sizeof *b->cls, "paired answers", e);
    b->count = acf_alloc(b->n_units, sizeof *b->count, "paired answers", e);
    b->moved = acf_alloc(b->n_units, sizeof *b->moved, "paired answers", e);
    if (b->cls == NULL || b->count == NULL || b->moved == NULL) goto done;
    size_t unit = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && compare(&list[i - 1], &list[i]) != 0) unit++;
        if (b->count[unit]++ == 0)
            memcpy(b->cls + unit * width, list[i].at, width * sizeof *b->cls);
    }
    st = ACF_OK;
done:
    acf_free(list);
    acf_free(row);
    return st;
}

static acf_status open_numbers(acf_paired_block *b, const acf_paired_part *part, acf_error *e)
{
    size_t n = (size_t)b->n, all = 2 * n * b->n_parts;
    b->n_units = n;
    b->count = acf_alloc(n, sizeof *b->count, "paired answers", e);
    b->moved = acf_alloc(n, sizeof *b->moved, "paired answers", e);
    b->target = acf_alloc(2 * n, sizeof *b->target, "paired answers", e);
    b->value = acf_alloc(all, sizeof *b->value, "paired answers", e);
    b->target_order = acf_alloc(2 * n, sizeof *b->target_order, "paired answers", e);
    b->value_order = acf_alloc(all, sizeof *b->value_order, "paired answers", e);
    for (int k = 0; k < 2; k++) {
        b->weight[k] = acf_alloc(2 * n, sizeof *b->weight[k], "paired answers", e);
        if (b->weight[k] == NULL) return ACF_ERR_RESOURCE;
    }
    if (b->count == NULL || b->moved == NULL || b->target == NULL || b->value == NULL ||
        b->target_order == NULL || b->value_order == NULL)
        return ACF_ERR_RESOURCE;
    for (size_t i = 0; i < n; i++)
        b->count[i] = 1;
    for (size_t k = 0; k < 2; k++)
        memcpy(b->target + k * n, part->target, n * sizeof *b->target);
    ACF_TRY(acf_correlation_order(b->target_order, b->target, 2 * n, e));
    for (size_t k = 0; k < b->n_parts; k++) {
        double *value = b->value + k * 2 * n;
        memcpy(value, part[k].value[0], n * sizeof *value);
        memcpy(value + n, part[k].value[1], n * sizeof *value);
        ACF_TRY(acf_correlation_order(b->value_order + k * 2 * n, value, 2 * n, e));
    }
    return ACF_OK;
}

acf_status acf_paired_open(acf_paired *p, acf_metric metric, int K, const acf_paired_part *part,
                           size_t n_parts, bool is_crossed, acf_error *e)
{
    *p = (acf_paired){.metric = metric, .K = K, .n_parts = n_parts, .is_crossed = is_crossed};
    p->by_right = metric == ACF_METRIC_ACCURACY || metric == ACF_METRIC_MICRO_F1;
    if (p->by_right) p->K = 2;
    p->n_blocks = is_crossed ? 1 : n_parts;
    p->block = acf_alloc(p->n_blocks, sizeof *p->block, "paired answers", e);
    acf_status st = p->block == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    size_t most = 0;
    for (size_t i = 0; i < p->n_blocks && st == ACF_OK; i++) {
        acf_paired_block *b = &p->block[i];
        b->n = (int64_t)part[i].n;
        b->n_parts = is_crossed ? n_parts : 1;
        st = K > 0 ? open_classes(b, p, part + i, e) : open_numbers(b, part + i, e);
        if (b->n_units > most) most = b->n_units;
    }
    if (st == ACF_OK) {
        p->cell = acf_alloc(2 * most, sizeof *p->cell, "paired answers", e);
        p->cls = acf_alloc((size_t)p->K, sizeof *p->cls, "paired answers", e);
        p->rank = acf_alloc(4 * most, sizeof *p->rank, "paired answers", e);
        if (p->cell == NULL || p->cls == NULL || p->rank == NULL) st = ACF_ERR_RESOURCE;
    }
    if (st != ACF_OK) acf_paired_close(p);
    return st;
}

void acf_paired_close(acf_paired *p)
{
    for (size_t i = 0; p->block != NULL && i < p->n_blocks; i++) {
        acf_paired_block *b = &p->block[i];
        acf_free(b->count);
        acf_free(b->moved);
        acf_free(b->cls);
        acf_free(b->target);
        acf_free(b->value);
        acf_free(b->target_order);
        acf_free(b->value_order);
        acf_free(b->weight[0]);
        acf_free(b->weight[1]);
    }
    acf_free(p->block);
    acf_free(p->cell);
    acf_free(p->cls);
    acf_free(p->rank);
    *p = (acf_paired){0};
}

acf_paired_block *acf_paired_find(const acf_paired *p, size_t part, size_t *place)
{
    *place = p->is_crossed ? part : 0;
    return &p->block[p->is_crossed ? 0 : part];
}

/* A regression's figures take weights of the targets and values, both models' behind each other. */
static void set_weights(acf_paired_block *b, acf_paired_draw draw)
{
    size_t n = b->n_units;
    for (size_t i = 0; i < n; i++) {
        int32_t moved = (int32_t)b->moved[i];
        bool is_swap = draw == ACF_PAIRED_SWAPPED;
        int32_t own = draw == ACF_PAIRED_AS_IT_IS ? 1 : is_swap ? 1 - moved : moved;
        int32_t others = is_swap ? moved : 0;
        b->weight[0][i] = b->weight[1][n + i] = own;
        b->weight[1][i] = b->weight[0][n + i] = others;
    }
}

void acf_paired_make(acf_paired_block *b, acf_paired_draw draw, acf_rng r, uint64_t *index)
{
    bool is_regression = b->cls == NULL;
    if (draw == ACF_PAIRED_RESAMPLED && is_regression) {
        memset(b->moved, 0, b->n_units * sizeof *b->moved);
        for (size_t i = 0; i < b->n_units; i++)
            b->moved[acf_rng_below(r, (*index)++, b->n_units)]++;
    } else if (draw == ACF_PAIRED_RESAMPLED) {
        acf_bootstrap_multinomial(b->moved, b->count, b->n_units, r, index);
    } else if (draw == ACF_PAIRED_SWAPPED) {
        for (size_t i = 0; i < b->n_units; i++)
            b->moved[i] = acf_bootstrap_binomial(r, index, b->count[i], 0.5);
    }
    if (is_regression) set_weights(b, draw);
}

static double class_figure(const acf_paired *p, const acf_paired_block *b, size_t place, int model,
                           acf_paired_draw draw)
{
    double value[ACF_METRIC_COUNT];
    size_t width = 1 + 2 * b->n_parts, n_cell = 0;
    for (size_t i = 0; i < b->n_units; i++) {
        const int32_t *cls = b->cls + i * width;
        const int32_t *answer = cls + 1 + 2 * place;
        int64_t swapped = draw == ACF_PAIRED_SWAPPED ? b->moved[i] : 0;
        int64_t kept = draw == ACF_PAIRED_RESAMPLED ? b->moved[i] : b->count[i] - swapped;
        if (kept > 0) p->cell[n_cell++] = (acf_cell){cls[0], answer[model], kept};
        if (swapped > 0) p->cell[n_cell++] = (acf_cell){cls[0], answer[1 - model], swapped};
    }
    acf_metrics_from_cells(value, p->cls, p->cell, n_cell, p->K);
    return value[p->metric];
}

static double number_figure(const acf_paired *p, const acf_paired_block *b, size_t place, int model)
{
    size_t n = 2 * b->n_units;
    const double *value = b->value + place * n;
    const int32_t *weight = b->weight[model];
    if (p->metric == ACF_METRIC_PEARSON)
        return acf_correlation_pearson(b->target, value, weight, n);
    if (p->metric == ACF_METRIC_SPEARMAN) {
        acf_correlation_ranks(p->rank, b->target, b->target_order, weight, n);
        acf_correlation_ranks(p->rank + n, value, b->value_order + place * n, weight, n);
        return acf_correlation_pearson(p->rank, p->rank + n, weight, n);
    }
    double squares = 0.0;
    for (size_t i = 0; i < n; i++)
        squares += (double)weight[i] * (b->target[i] - value[i]) * (b->target[i] - value[i]);
    return squares / (double)b->n;
}

void acf_paired_figures(double figure[2], const acf_paired *p, const acf_paired_block *b,
                        size_t place, acf_paired_draw draw)
{
    for (int model = 0; model < 2; model++)
        figure[model] = b->cls != NULL ? class_figure(p, b, place, model, draw)
                                       : number_figure(p, b, place, model);
}
