#include "metrics/correlation.h"

#include "base/mem.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct keyed {
    double value;
    size_t at;
} keyed;

static int compare(const void *a, const void *b)
{
    const keyed *p = a, *q = b;
    if (p->value != q->value) return p->value < q->value ? -1 : 1;
    return p->at < q->at ? -1 : p->at > q->at;
}

acf_status acf_correlation_order(size_t *order, const double *x, size_t n, acf_error *e)
{
    keyed *item = acf_alloc(n, sizeof *item, "ranks", e);
    if (item == NULL) return ACF_ERR_RESOURCE;
    for (size_t i = 0; i < n; i++)
        item[i] = (keyed){x[i], i};
    if (n > 1) qsort(item, n, sizeof *item, compare);
    for (size_t i = 0; i < n; i++)
        order[i] = item[i].at;
    acf_free(item);
    return ACF_OK;
}

static double weight_of(const int32_t *weight, size_t i)
{
    return weight == NULL ? 1.0 : (double)weight[i];
}

void acf_correlation_ranks(double *rank, const double *x, const size_t *order,
                           const int32_t *weight, size_t n)
{
    double before = 0.0; /* points in smaller groups */
    for (size_t start = 0, end; start < n; start = end) {
        double tied = 0.0;
        for (end = start; end < n && x[order[end]] == x[order[start]]; end++)
            tied += weight_of(weight, order[end]);
        for (size_t k = start; k < end; k++) /* mean of before + 1 .. before + tied */
            rank[order[k]] = before + 0.5 * (tied + 1.0);
        before += tied;
    }
}

double acf_correlation_pearson(const double *x, const double *y, const int32_t *weight, size_t n)
{
    double total = 0.0, x_mean = 0.0, y_mean = 0.0;
    size_t first = n;
    bool x_varies = false, y_varies = false; /* exactly: a sum of squares may round off zero */
    for (size_t i = 0; i < n; i++) {
        double w = weight_of(weight, i);
        if (w == 0.0) continue;
        if (first == n) first = i;
        x_varies = x_varies || x[i] != x[first];
        y_varies = y_varies || y[i] != y[first];
        total += w;
        x_mean += w * x[i];
        y_mean += w * y[i];
    }
    if (!x_varies || !y_varies) return NAN;
    x_mean /= total;
    y_mean /= total;

    double xx = 0.0, yy = 0.0, xy = 0.0;
    for (size_t i = 0; i < n; i++) {
        double w = weight_of(weight, i);
        double x_off = x[i] - x_mean, y_off = y[i] - y_mean;
        xx += w * x_off * x_off;
        yy += w * y_off * y_off;
        xy += w * x_off * y_off;
    }
    double r = xy / (sqrt(xx) * sqrt(yy));
    if (r > 1.0) r = 1.0;
    if (r < -1.0) r = -1.0;
    return isfinite(r) ? r : (double)NAN; /* squares may over- or underflow */
}
