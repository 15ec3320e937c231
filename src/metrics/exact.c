#include "metrics/exact.h"

#include "base/assert.h"
#include "base/mem.h"
#include "metrics/correlation.h"

#include <math.h>

/* P(X = k), X ~ Bin(m, 1/2). */
static double half_binomial(int64_t m, int64_t k)
{
    double n = (double)m, x = (double)k;
    return exp(lgamma(n + 1.0) - lgamma(x + 1.0) - lgamma(n - x + 1.0) - n * log(2.0));
}

/* mass [len] of a sum becomes that of the sum + value X, X ~ Bin(m, 1/2), cut off at len.  From the
 * top, so that what is still to be read is old. */
static void convolve(double *mass, size_t len, const double *binomial, int64_t m, int64_t value)
{
    for (size_t at = len; at-- > 0;) {
        double sum = 0.0;
        for (int64_t k = 0; k <= m && (size_t)(k * value) <= at; k++)
            sum += binomial[k] * mass[at - (size_t)(k * value)];
        mass[at] = sum;
    }
}

/* With Y = the sum of the units that got +1, S = 2 Y - total, so that |S| >= |observed| means Y <=
 * low or Y >= total - low, low = (total - |observed|) / 2: only sums up to low are needed. */
acf_status acf_sign_flip_test(double *p, const int64_t *count, int max_value, int64_t observed,
                              acf_error *e)
{
    int64_t total = 0, most = 0;
    for (int value = 1; value <= max_value; value++) {
        total += count[value] * value;
        if (count[value] > most) most = count[value];
    }
    int64_t low = (total - (observed < 0 ? -observed : observed)) / 2;
    ACF_ASSERT(low >= 0);
    *p = 1.0;
    if (observed == 0) return ACF_OK;

    size_t len = (size_t)low + 1;
    double *mass = acf_alloc(len, sizeof *mass, "distribution of a test", e);
    double *binomial = acf_alloc((size_t)most + 1, sizeof *binomial, "distribution of a test", e);
    acf_status st = ACF_ERR_RESOURCE;
    if (mass == NULL || binomial == NULL) goto done;
    mass[0] = 1.0;
    for (int value = 1; value <= max_value; value++) {
        if (count[value] == 0) continue;
        for (int64_t k = 0; k <= count[value]; k++)
            binomial[k] = half_binomial(count[value], k);
        convolve(mass, len, binomial, count[value], value);
    }
    double tail = 0.0;
    for (size_t i = 0; i < len; i++)
        tail += mass[i];
    *p = fmin(1.0, 2.0 * tail);
    st = ACF_OK;
done:
    acf_free(binomial);
    acf_free(mass);
    return st;
}

static acf_status exact_ranks(acf_wilcoxon *w, const double *rank, acf_error *e)
{
    int64_t count[2 * ACF_WILCOXON_EXACT + 1] = {0}; /* of doubled ranks, whole with ties as well */
    for (size_t i = 0; i < w->n; i++)
        count[(int)(2.0 * rank[i])]++;
    w->is_exact = true;
    return acf_sign_flip_test(&w->p, count, 2 * (int)w->n, (int64_t)(2.0 * (w->plus - w->minus)),
                              e);
}

/* x [n]: |d|, order: ascending. */
static void normal_ranks(acf_wilcoxon *w, const double *x, const size_t *order)
{
    double n = (double)w->n, ties = 0.0;
    for (size_t start = 0, end; start < w->n; start = end) {
        for (end = start; end < w->n && x[order[end]] == x[order[start]]; end++) {
        }
        double t = (double)(end - start);
        ties += t * t * t - t;
    }
    double sd = sqrt(n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0);
    double off = fabs(w->plus - n * (n + 1.0) / 4.0) - 0.5;
    w->p = off > 0.0 ? erfc(off / sd / sqrt(2.0)) : 1.0;
}

acf_status acf_wilcoxon_test(acf_wilcoxon *w, const double *d, size_t n, acf_error *e)
{
    *w = (acf_wilcoxon){.p = 1.0, .is_exact = true};
    acf_status st = ACF_ERR_RESOURCE;
    double *x = acf_alloc(n, sizeof *x, "ranks", e), *rank = acf_alloc(n, sizeof *x, "ranks", e);
    size_t *order = acf_alloc(n, sizeof *order, "ranks", e);
    size_t *from = acf_alloc(n, sizeof *from, "ranks", e);
    if (x == NULL || rank == NULL || order == NULL || from == NULL) goto done;
    for (size_t i = 0; i < n; i++) {
        if (d[i] == 0.0) continue;
        from[w->n] = i;
        x[w->n++] = fabs(d[i]);
    }
    st = acf_correlation_order(order, x, w->n, e);
    if (st != ACF_OK) goto done;
    acf_correlation_ranks(rank, x, order, NULL, w->n);
    for (size_t i = 0; i < w->n; i++)
        *(d[from[i]] > 0.0 ? &w->plus : &w->minus) += rank[i];
    if (w->n > ACF_WILCOXON_EXACT) {
        w->is_exact = false;
        normal_ranks(w, x, order);
    } else {
        st = exact_ranks(w, rank, e);
    }
done:
    acf_free(from);
    acf_free(order);
    acf_free(rank);
    acf_free(x);
    return st;
}

acf_status acf_holm(double *adjusted, const double *p, size_t n, acf_error *e)
{
    double least = 0.0; /* what the smaller ones came to */
    size_t m = 0;
    acf_status st = ACF_ERR_RESOURCE;
    size_t *place = acf_alloc(n, sizeof *place, "places of tests", e);
    size_t *order = acf_alloc(n, sizeof *order, "order of tests", e);
    double *x = acf_alloc(n, sizeof *x, "tests", e);
    if (place == NULL || order == NULL || x == NULL) goto done;
    for (size_t i = 0; i < n; i++) {
        adjusted[i] = (double)NAN;
        if (isnan(p[i])) continue;
        x[m] = p[i];
        place[m++] = i;
    }
    st = acf_correlation_order(order, x, m, e);
    for (size_t j = 0; st == ACF_OK && j < m; j++) {
        least = fmax(least, fmin(1.0, (double)(m - j) * x[order[j]]));
        adjusted[place[order[j]]] = least;
    }
done:
    acf_free(x);
    acf_free(order);
    acf_free(place);
    return st;
}
