/*
 * What one of two models gains over the other, over tasks.
 *
 * The gain of a task is the mean over its parts (seeds or folds that both have) of second's figure
 * - first's, with the sign that makes more of it better; gains within 1e-12 of 0 are ties.  Over
 * all tasks:
 *
 *   gain   their mean.  Its interval is a hierarchical bootstrap, tasks first, then parts
 *          (acf_bootstrap_groups).
 *   p      Wilcoxon's signed-rank test of the tasks' gains (metrics/exact.h).
 *
 * With a single task there is nothing to draw and nothing to rank: interval and p are Student's t
 * over the parts (acf_sample_of), and NaN with a single part.  Over metrics of which more and
 * metrics of which less is better there is no mean and no rank of units that differ: gain, interval
 * and p are NaN, only wins, ties and losses are counted.
 */
#ifndef ACF_METRICS_GAINS_H
#define ACF_METRICS_GAINS_H

#include "metrics/exact.h"
#include "metrics/metrics.h"

typedef struct acf_task_parts {
    const double *difference; /* [n] second - first, finite */
    size_t n;                 /* >= 1 */
    bool larger_is_better;
} acf_task_parts;

typedef struct acf_gains {
    size_t n_tasks, wins, ties, losses;
    bool is_mixed; /* metrics of both directions */
    double gain;
    acf_ci ci;
    double p;
    double bootstrap_p;    /* NaN with one task, or when mixed */
    acf_wilcoxon wilcoxon; /* of two tasks or more that are not mixed; else empty */
} acf_gains;

/* n_folds > 1: the parts are folds of so many.  With n_tasks = 0 all is 0, gain and p NaN.
 * ACF_ERR_RESOURCE. */
acf_status acf_gains_of(acf_gains *g, const acf_task_parts *task, size_t n_tasks, int n_folds,
                        int n_draws, acf_error *e) ACF_MUST_USE;

/* Which way the test speaks: 1 for the second, -1 for the first, 0 for neither.  Over tasks it goes
 * by the ranks, of which one large loss may outweigh the mean of many small gains: then mean and
 * ranks disagree, and it is 0. */
int acf_gains_direction(const acf_gains *g);

/* The least number of tasks with which the first of n_tests >= 1 tests can reach Holm's p <= alpha:
 * of n gains that differ from 0 Wilcoxon's least p is 2 / 2^n. */
size_t acf_gains_least_tasks(double alpha, size_t n_tests);

/* Has g so many?  Of a single task: has it a p? */
bool acf_gains_can_reach(const acf_gains *g, double alpha, size_t n_tests);

#endif
