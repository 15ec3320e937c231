#include "metrics/bootstrap.h"

#include "base/mem.h"
#include "metrics/correlation.h"
#include "metrics/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* k with probability C(n, k) p^k (1 - p)^(n - k), p <= 1/2, n p < 10: the distribution function is
 * summed up to u.  (1 - p)^n cannot underflow: its logarithm is above -14. */
static int64_t invert(double u, int64_t n, double p)
{
    double odds = p / (1.0 - p);
    double mass = exp((double)n * log1p(-p));
    int64_t k = 0;
    while (k < n && u >= mass) {
        u -= mass;
        mass *= odds * (double)(n - k) / (double)(k + 1);
        k++;
    }
    return k;
}

/* log of C(n, k) odds^k without its constant n!. */
static double log_mass(double n, double k, double log_odds)
{
    return k * log_odds - lgamma(k + 1.0) - lgamma(n - k + 1.0);
}

static int64_t reject(acf_rng r, uint64_t *index, int64_t count, double p)
{
    /* The constants are the paper's table hat, fitted for n p >= 10. */
    double n = (double)count, sd = sqrt(n * p * (1.0 - p));
    double b = 1.15 + 2.53 * sd;
    double a = -0.0873 + 0.0248 * b + 0.01 * p;
    double centre = n * p + 0.5;
    double squeeze = 0.92 - 4.2 / b;
    double alpha = (2.83 + 5.1 / b) * sd;
    double log_odds = log(p / (1.0 - p));
    double top = log_mass(n, floor((n + 1.0) * p), log_odds);
    for (;;) {
        double u = acf_rng_uniform(r, (*index)++) - 0.5;
        double v = 1.0 - acf_rng_uniform(r, (*index)++); /* (0, 1] */
        double us = 0.5 - fabs(u);
        double k = floor((2.0 * a / us + b) * u + centre);
        if (us >= 0.07 && v <= squeeze) return (int64_t)k; /* always inside 0 .. n */
        if (!(k >= 0.0 && k <= n)) continue;
        if (log(v * alpha / (a / (us * us) + b)) <= log_mass(n, k, log_odds) - top)
            return (int64_t)k;
    }
}

int64_t acf_bootstrap_binomial(acf_rng r, uint64_t *index, int64_t n, double p)
{
    if (n <= 0 || !(p > 0.0)) return 0;
    if (p >= 1.0) return n;
    double rare = p <= 0.5 ? p : 1.0 - p;
    int64_t k = (double)n * rare < 10.0 ? invert(acf_rng_uniform(r, (*index)++), n, rare)
                                        : reject(r, index, n, rare);
    return p <= 0.5 ? k : n - k;
}

acf_ci acf_bootstrap_interval(double *x, size_t n)
{
    const double tail[2] = {0.025, 0.975};
    double at[2];
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) x[kept++] = x[i];
    if (kept == 0) return (acf_ci){NAN, NAN};
    qsort(x, kept, sizeof *x, acf_sample_order);
    for (int t = 0; t < 2; t++) {
        double place = tail[t] * (double)(kept - 1);
        size_t low = (size_t)place;
        double next = low + 1 < kept ? x[low + 1] : x[low];
        at[t] = x[low] + (place - (double)low) * (next - x[low]);
    }
    return (acf_ci){at[0], at[1]};
}

double acf_bootstrap_p(const double *x, size_t n)
{
    const double rounding = 1e-12; /* sums that are 0 but for it */
    size_t kept = 0, below = 0, above = 0;
    for (size_t i = 0; i < n; i++) {
        kept += isnan(x[i]) ? 0 : 1;
        below += x[i] <= rounding ? 1 : 0;
        above += x[i] >= -rounding ? 1 : 0;
    }
    size_t few = below < above ? below : above;
    return fmin(1.0, 2.0 * (1.0 + (double)few) / (1.0 + (double)kept));
}

acf_status acf_bootstrap_groups(acf_ci *ci, double *p, const double *x, const size_t *len,
                                size_t n_groups, int n_draws, acf_error *e)
{
    acf_status st = ACF_ERR_RESOURCE;
    size_t at = 0;
    size_t *begin = acf_alloc(n_groups, sizeof *begin, "bootstrap groups", e);
    double *draws = acf_alloc((size_t)n_draws, sizeof *draws, "bootstrap draws", e);
    if (begin == NULL || draws == NULL) goto done;
    for (size_t g = 0; g < n_groups; g++) {
        begin[g] = at;
        at += len[g];
    }
    acf_rng r = {.seed = ACF_BOOTSTRAP_SEED, .stream = ACF_STREAM_BOOTSTRAP};
    for (int b = 0; b < n_draws; b++) {
        double total = 0.0;
        uint64_t index = 0;
        r.step = (uint64_t)b;
        for (size_t i = 0; i < n_groups; i++) {
            size_t g = acf_rng_below(r, index++, n_groups);
            double sum = 0.0;
            for (size_t j = 0; j < len[g]; j++)
                sum += x[begin[g] + acf_rng_below(r, index++, len[g])];
            total += sum / (double)len[g];
        }
        draws[b] = total / (double)n_groups;
    }
    *p = acf_bootstrap_p(draws, (size_t)n_draws);
    *ci = acf_bootstrap_interval(draws, (size_t)n_draws);
    st = ACF_OK;
done:
    acf_free(draws);
    acf_free(begin);
    return st;
}

static const acf_metric from_cells[] = {
    ACF_METRIC_ACCURACY, ACF_METRIC_BALANCED_ACCURACY, ACF_METRIC_F1,         ACF_METRIC_MACRO_F1,
    ACF_METRIC_MCC,      ACF_METRIC_MICRO_F1,          ACF_METRIC_WEIGHTED_F1};
enum { N_FROM_CELLS = sizeof from_cells / sizeof from_cells[0] };

/* Kind i of the rest comes with probability count_i / (count_i + count_{i+1} + ...). */
void acf_bootstrap_multinomial(int64_t *drawn, const int64_t *count, size_t n_cell, acf_rng r,
                               uint64_t *index)
{
    int64_t mass = 0;
    for (size_t i = 0; i < n_cell; i++)
        mass += count[i];
    int64_t left = mass;
    for (size_t i = 0; i < n_cell; i++) {
        drawn[i] = acf_bootstrap_binomial(r, index, left, (double)count[i] / (double)mass);
        left -= drawn[i];
        mass -= count[i];
    }
}

acf_status acf_bootstrap_classes(acf_metrics *m, acf_error *e)
{
    size_t n_cell = acf_metrics_cells(NULL, m);
    acf_status st = ACF_ERR_RESOURCE;
    acf_cell *cell = acf_alloc(n_cell, sizeof *cell, "bootstrap cells", e);
    int64_t *count = acf_alloc(2 * n_cell, sizeof *count, "bootstrap cells", e);
    acf_class_figures *cls = acf_alloc((size_t)m->K, sizeof *cls, "bootstrap classes", e);
    double *draws =
        acf_alloc((size_t)N_FROM_CELLS * ACF_BOOTSTRAP_DRAWS, sizeof *draws, "bootstrap draws", e);
    if (cell == NULL || count == NULL || cls == NULL || draws == NULL) goto done;
    (void)acf_metrics_cells(cell, m);
    for (size_t i = 0; i < n_cell; i++)
        count[i] = cell[i].count;

    acf_rng r = {.seed = ACF_BOOTSTRAP_SEED, .stream = ACF_STREAM_BOOTSTRAP};
    for (int b = 0; b < ACF_BOOTSTRAP_DRAWS; b++) {
        double value[ACF_METRIC_COUNT];
        uint64_t index = 0;
        r.step = (uint64_t)b;
        acf_bootstrap_multinomial(count + n_cell, count, n_cell, r, &index);
        for (size_t i = 0; i < n_cell; i++)
            cell[i].count = count[n_cell + i];
        acf_metrics_from_cells(value, cls, cell, n_cell, m->K);
        for (int i = 0; i < N_FROM_CELLS; i++)
            draws[i * ACF_BOOTSTRAP_DRAWS + b] = value[from_cells[i]];
    }
    for (int i = 0; i < N_FROM_CELLS; i++)
        m->ci[from_cells[i]] =
            acf_bootstrap_interval(draws + (size_t)i * ACF_BOOTSTRAP_DRAWS, ACF_BOOTSTRAP_DRAWS);
    st = ACF_OK;
done:
    acf_free(draws);
    acf_free(cls);
    acf_free(count);
    acf_free(cell);
    return st;
}

enum { PEARSON, SPEARMAN, MSE, N_OF_PAIRS };

/* One resample of a regression, given as how often each row was drawn. */
static void draw_figures(double out[N_OF_PAIRS], const double *gold, const double *pred,
                         size_t *const order[2], double *rank, const int32_t *weight, size_t n)
{
    double squares = 0.0;
    for (size_t i = 0; i < n; i++)
        squares += (double)weight[i] * (gold[i] - pred[i]) * (gold[i] - pred[i]);
    acf_correlation_ranks(rank, gold, order[0], weight, n);
    acf_correlation_ranks(rank + n, pred, order[1], weight, n);
    out[PEARSON] = acf_correlation_pearson(gold, pred, weight, n);
    out[SPEARMAN] = acf_correlation_pearson(rank, rank + n, weight, n);
    out[MSE] = squares / (double)n;
}

acf_status acf_bootstrap_regression(acf_metrics *m, const double *gold, const double *pred,
                                    size_t n, acf_error *e)
{
    acf_status st = ACF_ERR_RESOURCE;
    size_t *order[2] = {acf_alloc(n, sizeof **order, "bootstrap order", e),
                        acf_alloc(n, sizeof **order, "bootstrap order", e)};
    double *rank = acf_alloc(2 * n, sizeof *rank, "bootstrap ranks", e);
    int32_t *weight = acf_alloc(n, sizeof *weight, "bootstrap weights", e);
    double *draws =
        acf_alloc((size_t)N_OF_PAIRS * ACF_BOOTSTRAP_DRAWS, sizeof *draws, "bootstrap draws", e);
    if (order[0] == NULL || order[1] == NULL || rank == NULL || weight == NULL || draws == NULL)
        goto done;
    /* Sorted once: a resample only changes how often each place counts. */
    st = acf_correlation_order(order[0], gold, n, e);
    if (st == ACF_OK) st = acf_correlation_order(order[1], pred, n, e);
    if (st != ACF_OK) goto done;

    acf_rng r = {.seed = ACF_BOOTSTRAP_SEED, .stream = ACF_STREAM_BOOTSTRAP};
    for (int b = 0; b < ACF_BOOTSTRAP_DRAWS; b++) {
        double value[N_OF_PAIRS];
        r.step = (uint64_t)b;
        memset(weight, 0, n * sizeof *weight);
        for (size_t i = 0; i < n; i++)
            weight[acf_rng_below(r, i, n)]++;
        draw_figures(value, gold, pred, order, rank, weight, n);
        for (int i = 0; i < N_OF_PAIRS; i++)
            draws[i * ACF_BOOTSTRAP_DRAWS + b] = value[i];
    }
    m->ci[ACF_METRIC_PEARSON] = acf_bootstrap_interval(draws, ACF_BOOTSTRAP_DRAWS);
    m->ci[ACF_METRIC_SPEARMAN] =
        acf_bootstrap_interval(draws + ACF_BOOTSTRAP_DRAWS, ACF_BOOTSTRAP_DRAWS);
    m->ci[ACF_METRIC_MSE] =
        acf_bootstrap_interval(draws + 2 * ACF_BOOTSTRAP_DRAWS, ACF_BOOTSTRAP_DRAWS);
    m->ci[ACF_METRIC_LOSS] = m->ci[ACF_METRIC_MSE];
done:
    acf_free(draws);
    acf_free(weight);
    acf_free(rank);
    acf_free(order[1]);
    acf_free(order[0]);
    return st;
}
