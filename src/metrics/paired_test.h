/*
 * Is one model better than another?  Tests of a paired sample (metrics/paired.h).
 *
 * With difference = mean over parts of (second model's metric - first model's):
 *
 * bootstrap      parts are drawn with replacement, then examples: once for all drawn parts when
 *                they are crossed, else anew in each.  Percentile interval, two-sided p.  With one
 *                part the paired bootstrap.  Efron & Tibshirani 1993; crossed factors: Owen 2007.
 *
 * mcnemar        accuracy.  Is the sum over examples of (second right - first right) as far from 0
 *                as chance makes it when the models' answers to an example may be swapped (in all
 *                parts at once when crossed)?  Exact; with one part McNemar's test.
 *
 * randomization  the same question of any other metric's difference: random swaps, p = (1 + as far)
 *                / (1 + draws).  Noreen 1989, Yeh 2000.
 *
 * student        several parts.  Student's t interval and test of the parts' differences.  Folds
 *                share training data; their variance s^2 / k becomes s^2 (1 / k + test / train),
 *                test / train = 1 / (folds - 1): Nadeau & Bengio 2003.
 *
 * What is reported as p and interval:
 *
 *   one part        p of mcnemar or randomization, interval of the bootstrap
 *   several parts   the larger p of bootstrap and student, the interval that holds both.  The
 *                   bootstrap knows that examples and seeds are samples, but three seeds drawn
 *                   again vary too little; Student's t knows how little three seeds say, but takes
 *                   the examples for all there are.  mcnemar and randomization speak of these very
 *                   runs only and are reported beside.
 */
#ifndef ACF_METRICS_PAIRED_TEST_H
#define ACF_METRICS_PAIRED_TEST_H

#include "metrics/paired.h"

enum { ACF_PAIRED_DRAWS = 10000 };

typedef struct acf_paired_options {
    int n_draws;
    int n_folds; /* > 1: the parts are folds of so many */
} acf_paired_options;

typedef struct acf_paired_test {
    double mean[2], difference;
    acf_ci ci;
    double p;

    acf_ci bootstrap_ci;
    double bootstrap_p;
    bool has_mcnemar;
    int64_t only[2]; /* answers that only this model got right, over all parts */
    double mcnemar_p;
    double randomization_p; /* NaN where has_mcnemar */
    acf_ci student_ci;      /* NaN with one part, as student_p */
    double student_p;
} acf_paired_test;

/* first, second [n_parts]: the metric of each part.  ACF_ERR_DATA when it is undefined in one,
 * ACF_ERR_RESOURCE. */
acf_status acf_paired_test_run(acf_paired_test *t, double *first, double *second, acf_paired *p,
                               const acf_paired_options *opt, acf_error *e) ACF_MUST_USE;

#endif
