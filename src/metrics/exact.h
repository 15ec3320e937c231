/*
 * Exact tests of paired differences, and the correction for making several of them.
 *
 * The null hypothesis of a paired comparison makes every difference as likely with the one sign as
 * with the other.  A test then asks how often random signs give a sum as far from 0 as the observed
 * one: McNemar's test with values 1, Wilcoxon's with ranks, and the same over several runs with the
 * sum of an example's differences.
 */
#ifndef ACF_METRICS_EXACT_H
#define ACF_METRICS_EXACT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * p = P(|S| >= |observed|) for S = sum over units of r_u v_u, with independent r_u = +1 or -1 of
 * probability 1/2 each; count[j] >= 0 units have |v_u| = j, j = 1 .. max_value (count[0] is not
 * read).  Exact up to rounding: the distribution is put together from one binomial a value.  With
 * max_value = 1 it is the exact McNemar test, 2 P(X <= min(b, c)), X ~ Bin(b + c, 1/2), at most 1.
 * Source: Fisher 1935, section 21; McNemar 1947.  ACF_ERR_RESOURCE.
 */
acf_status acf_sign_flip_test(double *p, const int64_t *count, int max_value, int64_t observed,
                              acf_error *e) ACF_MUST_USE;

enum { ACF_WILCOXON_EXACT = 50 };

typedef struct acf_wilcoxon {
    size_t n;           /* differences that are not 0 */
    double plus, minus; /* sums of the ranks of |d| over positive and negative differences */
    bool is_exact;
    double p; /* two-sided; 1 for n = 0 */
} acf_wilcoxon;

/*
 * Wilcoxon's signed-rank test of d [n].  Differences of 0 are dropped, equal |d| get average ranks.
 *
 * Up to ACF_WILCOXON_EXACT differences the distribution is exact, with ties given the ranks that
 * they have: scipy.stats.wilcoxon(d, zero_method="wilcox", method="exact") without ties, all sign
 * changes enumerated (method=PermutationMethod()) with them.  Above, the normal approximation
 * with the variance corrected for ties, n (n + 1) (2 n + 1) / 24 - sum (t^3 - t) / 48, and with
 * continuity correction: zero_method="wilcox", correction=True, method="asymptotic".
 * ACF_ERR_RESOURCE.
 */
acf_status acf_wilcoxon_test(acf_wilcoxon *w, const double *d, size_t n, acf_error *e) ACF_MUST_USE;

/* Holm 1979: adjusted[i] = the largest (n - j) p_(j) over the p that stand no later than p[i] in
 * ascending order (j from 0), at most 1.  A p that is NaN is no test: it stays NaN and n does not
 * count it.  adjusted [n] may not be p [n]. */
acf_status acf_holm(double *adjusted, const double *p, size_t n, acf_error *e) ACF_MUST_USE;

#endif
