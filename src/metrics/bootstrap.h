/*
 * Percentile bootstrap: 95 % intervals of an evaluation's figures, from ACF_BOOTSTRAP_DRAWS
 * resamples of its rows with replacement (Efron & Tibshirani 1993, chapter 13).  The seed is fixed,
 * so that the same evaluation always gives the same interval.
 *
 * A figure of the confusion matrix depends on a resample only through its cells, whose counts are
 * multinomial (n; cell / n).  They are drawn directly, one binomial a non-zero cell: the same
 * distribution as resampling row by row, at a cost that does not grow with n.
 *
 * The interval lies between the 2.5 % and 97.5 % quantiles of the draws, interpolated as numpy's
 * default; draws that leave the figure undefined are left out.
 */
#ifndef ACF_METRICS_BOOTSTRAP_H
#define ACF_METRICS_BOOTSTRAP_H

#include "base/rng.h"
#include "base/status.h"
#include "metrics/metrics.h"

#include <stddef.h>
#include <stdint.h>

enum { ACF_BOOTSTRAP_DRAWS = 1000, ACF_BOOTSTRAP_SEED = 20230604 };

/* Fills m->ci of the figures of the confusion matrix (accuracy .. mcc, micro and weighted F1). */
acf_status acf_bootstrap_classes(acf_metrics *m, acf_error *e) ACF_MUST_USE;

/* Fills m->ci of pearson, spearman, mse and loss, resampling the rows of gold [n] and pred [n]. */
acf_status acf_bootstrap_regression(acf_metrics *m, const double *gold, const double *pred,
                                    size_t n, acf_error *e) ACF_MUST_USE;

/*
 * A binomial (n, p) number, 0 <= p <= 1, exact up to rounding: inversion where n min(p, 1 - p) <
 * 10, else Hoermann's transformed rejection ("The generation of binomial random variates", J. Stat.
 * Comput. Simul. 46, 1993, algorithm BTRS).  Uses numbers of r from *index on and advances it.
 */
int64_t acf_bootstrap_binomial(acf_rng r, uint64_t *index, int64_t n, double p);

/* How often each of n_cell kinds, of which there are count[], comes in a resample of all of them:
 * multinomial counts drawn [n_cell], as binomials of what is left.  Numbers as above. */
void acf_bootstrap_multinomial(int64_t *drawn, const int64_t *count, size_t n_cell, acf_rng r,
                               uint64_t *index);

/* The 95 % percentile interval of draws x [n], which are overwritten; NaN when all are NaN. */
acf_ci acf_bootstrap_interval(double *x, size_t n);

/* Two-sided p of the hypothesis that the figure behind the draws x [n] of a difference is 0: twice
 * the smaller of the shares at or beyond 0 on either side, (1 + count) / (1 + n), at most 1.  Draws
 * of NaN are left out. */
double acf_bootstrap_p(const double *x, size_t n);

/* Hierarchical bootstrap of a mean of group means: groups drawn with replacement, then members of
 * each drawn group.  x holds the members of group 0, 1, ..., len[n_groups] how many each has (>=
 * 1). ACF_ERR_RESOURCE. */
acf_status acf_bootstrap_groups(acf_ci *ci, double *p, const double *x, const size_t *len,
                                size_t n_groups, int n_draws, acf_error *e) ACF_MUST_USE;

#endif
