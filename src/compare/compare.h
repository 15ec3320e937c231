/*
 * Finished runs compared, each with each: on one task by metrics/paired_test, over tasks by the
 * tasks' gains (metrics/gains).
 *
 * A difference is always the second's metric minus the first's, a gain the same with the sign that
 * makes more of it better.  Of a directory with a single task gain, interval and p are the task's.
 *
 * p_holm corrects (Holm) over all pairs, and those of single tasks over all tasks of all pairs.
 */
#ifndef ACF_COMPARE_COMPARE_H
#define ACF_COMPARE_COMPARE_H

#include "compare/compare_find.h"
#include "metrics/gains.h"
#include "metrics/paired_test.h"

#define ACF_COMPARE_ALPHA 0.05

typedef struct acf_compare_options {
    const char *split; /* "dev", "test" */
    int metric;        /* -1: the runs' eval.metric */
    int head;          /* -1: each run's eval.head */
    int n_draws;
    const acf_log *log;
} acf_compare_options;

/* One task of one pair. */
typedef struct acf_compare_row {
    const char *task; /* "" outside a directory of tasks */
    acf_metric metric;
    int head[2];         /* whose answers; -1: unknown */
    acf_found_kind kind; /* of the parts */
    size_t n_parts;
    int64_t *number;   /* [n_parts] of the seed or fold */
    size_t *n;         /* [n_parts] examples */
    double *figure[2]; /* [n_parts] */
    bool is_crossed;   /* all parts have the same examples */
    acf_paired_test test;
    double gain, p_holm;
} acf_compare_row;

typedef struct acf_compare_pair {
    int run[2];
    size_t n_rows;
    acf_compare_row *row;
    acf_gains gains; /* of directories of tasks; else empty */
    double gain;     /* of gains, or of row 0 where that is all; as ci and p */
    acf_ci ci;
    double p, p_holm;
} acf_compare_pair;

typedef struct acf_compare {
    const char *const *path; /* [n_runs] borrowed */
    int n_runs;
    acf_compare_options opt;
    bool has_tasks;
    acf_found *found; /* [n_runs] */
    size_t n_pairs;
    acf_compare_pair *pair; /* (0, 1), (0, 2) ... (1, 2) ... */
} acf_compare;

/*
 * path [n_runs >= 2]: as acf_found_open.  Seeds, folds and tasks that only one of a pair has are
 * told and left out, and so are, of directories of tasks, those on which the metric or the head
 * that opt asks for makes no sense (unless there is no other).
 *
 * ACF_ERR_USAGE when no metric is known, the two have different ones, or the metric cannot be told
 * from predictions; ACF_ERR_MODEL when a run is missing or has nothing in common with another;
 * ACF_ERR_DATA when a pair was measured on examples of different number or labels (texts that
 * differ are warned of only) or a file is malformed.  On failure *c is empty.
 */
acf_status acf_compare_run(acf_compare *c, const char *const *path, int n_runs,
                           const acf_compare_options *opt, acf_error *e) ACF_MUST_USE;
void acf_compare_close(acf_compare *c);

/* Which of the two is better at ACF_COMPARE_ALPHA: 0 or 1; -1: none is shown to be.  Of a pair over
 * tasks as acf_gains_direction has it. */
int acf_compare_verdict_of_row(const acf_compare_row *row);
int acf_compare_verdict(const acf_compare_pair *pair);

#endif
