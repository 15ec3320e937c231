#include "metrics/proba.h"

#include "base/mem.h"
#include "metrics/sample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { BINS = 15, TOP = 5, TOP_FROM_K = 10, BLOCK = 1024 };

#define BETA_LOW  0.01 /* beta = 1 / T; the search is over T in [0.01, 100] */
#define BETA_HIGH 100.0

/* Sums over a block of rows; blocks are added in order, whatever thread made them. */
typedef struct sums {
    double log_loss, brier;
    double gap[BINS]; /* confidence - [correct] */
    size_t in_top;
    size_t bad; /* first row with a score that is not finite, + 1 */
} sums;

typedef struct rows {
    const int32_t *gold, *pred;
    const real *scores;
    size_t n;
    int K;
} rows;

/* The first largest score; NaN when one is not finite. */
static double row_peak(const real *s, int K)
{
    double peak = (double)s[0];
    for (int k = 0; k < K; k++) {
        if (!isfinite(s[k])) return NAN;
        if ((double)s[k] > peak) peak = (double)s[k];
    }
    return peak;
}

static double row_brier(const real *s, int K, int gold, double log_sum)
{
    if (K == 2) {
        double miss = exp((double)s[1] - log_sum) - (gold == 1);
        return miss * miss;
    }
    double total = 0.0;
    for (int k = 0; k < K; k++) {
        double miss = exp((double)s[k] - log_sum) - (gold == k);
        total += miss * miss;
    }
    return total;
}

static bool row_in_top(const real *s, int K, int gold)
{
    int before = 0;
    for (int k = 0; k < K; k++)
        before += s[k] > s[gold] || (k < gold && s[k] == s[gold]);
    return before < TOP;
}

static void add_row(sums *t, const rows *r, size_t i)
{
    const real *s = r->scores + i * (size_t)r->K;
    int gold = r->gold[i], pred = r->pred[i];
    double peak = row_peak(s, r->K), sum = 0.0;
    if (isnan(peak)) {
        if (t->bad == 0) t->bad = i + 1;
        return;
    }
    for (int k = 0; k < r->K; k++)
        sum += exp((double)s[k] - peak);
    double log_sum = peak + log(sum);
    double confidence = exp((double)s[pred] - log_sum);
    int bin = (int)ceil(confidence * BINS) - 1;
    if (bin < 0) bin = 0;
    if (bin >= BINS) bin = BINS - 1;
    t->log_loss += log_sum - (double)s[gold];
    t->brier += row_brier(s, r->K, gold, log_sum);
    t->gap[bin] += confidence - (pred == gold);
    if (r->K >= TOP_FROM_K) t->in_top += row_in_top(s, r->K, gold);
}

static acf_status sum_rows(sums *total, const rows *r, acf_error *e)
{
    size_t n_block = (r->n + BLOCK - 1) / BLOCK;
    sums *part = acf_alloc(n_block, sizeof *part, "evaluation sums", e);
    if (part == NULL) return ACF_ERR_RESOURCE;
#pragma omp parallel for schedule(static)
    for (size_t b = 0; b < n_block; b++)
        for (size_t i = b * BLOCK; i < r->n && i < (b + 1) * BLOCK; i++)
            add_row(&part[b], r, i);
    *total = (sums){0};
    for (size_t b = 0; b < n_block; b++) {
        total->log_loss += part[b].log_loss;
        total->brier += part[b].brier;
        for (int k = 0; k < BINS; k++)
            total->gap[k] += part[b].gap[k];
        total->in_top += part[b].in_top;
        if (total->bad == 0) total->bad = part[b].bad;
    }
    acf_free(part);
    return ACF_OK;
}

/* Slope and curvature of the log-loss of beta s at one row, n times: the mean of s under
 * softmax(beta s) minus s_gold, and its variance.  Scores are taken relative to their peak. */
static void row_slope(double *slope, double *curve, const real *s, int K, int gold, double beta)
{
    double peak = row_peak(s, K), sum = 0.0, first = 0.0, second = 0.0;
    for (int k = 0; k < K; k++) {
        double off = (double)s[k] - peak;
        double weight = exp(beta * off);
        sum += weight;
        first += weight * off;
        second += weight * off * off;
    }
    first /= sum;
    *slope += first - ((double)s[gold] - peak);
    *curve += second / sum - first * first;
}

/* part [n_block, 2] is scratch. */
static double loss_slope(double *curve, const rows *r, double beta, double *part)
{
    size_t n_block = (r->n + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(static)
    for (size_t b = 0; b < n_block; b++) {
        part[2 * b] = part[2 * b + 1] = 0.0;
        for (size_t i = b * BLOCK; i < r->n && i < (b + 1) * BLOCK; i++)
            row_slope(&part[2 * b], &part[2 * b + 1], r->scores + i * (size_t)r->K, r->K,
                      r->gold[i], beta);
    }
    double slope = 0.0;
    *curve = 0.0;
    for (size_t b = 0; b < n_block; b++) {
        slope += part[2 * b];
        *curve += part[2 * b + 1];
    }
    return slope;
}

/*
 * The log-loss is convex in beta = 1 / T, so its slope has at most one zero: Newton's steps, kept
 * inside the bracket by bisection.  Without a zero in the range the nearer end is the answer; when
 * the slope is 0 everywhere (all scores equal) any T is, and 1 is given.
 */
static acf_status best_temperature(double *T, const rows *r, acf_error *e)
{
    double *part = acf_alloc(2 * ((r->n + BLOCK - 1) / BLOCK), sizeof *part, "slopes", e);
    if (part == NULL) return ACF_ERR_RESOURCE;
    double low = BETA_LOW, high = BETA_HIGH, beta = 1.0, curve;
    double at_low = loss_slope(&curve, r, low, part), at_high = loss_slope(&curve, r, high, part);
    if (at_low >= 0.0 && at_high > 0.0) {
        beta = low;
    } else if (at_high <= 0.0 && at_low < 0.0) {
        beta = high;
    } else if (at_low < 0.0) {
        for (int step = 0; step < 100; step++) {
            double slope = loss_slope(&curve, r, beta, part);
            if (slope == 0.0) break;
            if (slope < 0.0)
                low = beta;
            else
                high = beta;
            double next = beta - slope / curve;
            if (!(next > low && next < high)) next = 0.5 * (low + high);
            double moved = fabs(next - beta);
            beta = next;
            if (moved <= 1e-14 * beta) break;
        }
    }
    *T = 1.0 / beta;
    acf_free(part);
    return ACF_OK;
}

/* Mann-Whitney: the share of (positive, negative) pairs in which the positive has the larger
 * margin s_1 - s_0, of which p_1 is an increasing function; ties count half.  NaN with one class.
 */
static acf_status area_under_roc(double *area, const rows *r, acf_error *e)
{
    double *margin = acf_alloc(r->n, sizeof *margin, "margins", e); /* negatives, then positives */
    if (margin == NULL) return ACF_ERR_RESOURCE;
    size_t n_neg = 0, n_pos = 0, below = 0, upto = 0;
    for (size_t i = 0; i < r->n; i++) {
        double x = (double)r->scores[2 * i + 1] - (double)r->scores[2 * i];
        margin[r->gold[i] == 1 ? r->n - ++n_pos : n_neg++] = x;
    }
    const double *pos = margin + n_neg;
    if (n_neg > 1) qsort(margin, n_neg, sizeof *margin, acf_sample_order);
    if (n_pos > 1) qsort(margin + n_neg, n_pos, sizeof *margin, acf_sample_order);
    double wins = 0.0;
    for (size_t i = 0; i < n_pos; i++) {
        while (below < n_neg && margin[below] < pos[i])
            below++;
        while (upto < n_neg && margin[upto] <= pos[i])
            upto++;
        wins += 0.5 * ((double)below + (double)upto);
    }
    *area = n_pos > 0 && n_neg > 0 ? wins / ((double)n_pos * (double)n_neg) : (double)NAN;
    acf_free(margin);
    return ACF_OK;
}

acf_status acf_proba_figures(double value[ACF_METRIC_COUNT], const int32_t *gold,
                             const int32_t *pred, const real *scores, size_t n, int K, acf_error *e)
{
    rows r = {gold, pred, scores, n, K};
    sums total;
    ACF_TRY(sum_rows(&total, &r, e));
    if (total.bad > 0) {
        const real *s = scores + (total.bad - 1) * (size_t)K;
        int k = 0;
        while (isfinite(s[k]))
            k++;
        return acf_fail(e, ACF_ERR_NUMERIC, "row %zu: the score of class %d is %g, not finite",
                        total.bad, k, (double)s[k]);
    }
    double gap = 0.0;
    for (int b = 0; b < BINS; b++)
        gap += fabs(total.gap[b]);
    value[ACF_METRIC_LOG_LOSS] = value[ACF_METRIC_LOSS] = total.log_loss / (double)n;
    value[ACF_METRIC_BRIER] = total.brier / (double)n;
    value[ACF_METRIC_ECE] = gap / (double)n;
    if (K >= TOP_FROM_K) value[ACF_METRIC_TOP5] = (double)total.in_top / (double)n;
    if (K == 2) ACF_TRY(area_under_roc(&value[ACF_METRIC_AUROC], &r, e));
    return best_temperature(&value[ACF_METRIC_TEMPERATURE], &r, e);
}
