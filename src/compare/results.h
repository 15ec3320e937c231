/*
 * Result lines of sweeps (sweep/sweep_result.h, results.jsonl) put together: tasks x variants over
 * seeds (or folds), and what each variant gains over one of them.
 *
 * What a variant gains over the baseline is over the seeds (or folds) that both have on a task, and
 * over the tasks as metrics/gains.h has it: interval and p are those of tasks, of a single task
 * those of its seeds.  p_holm corrects (Holm) for as many variants as have a p.
 */
#ifndef ACF_COMPARE_RESULTS_H
#define ACF_COMPARE_RESULTS_H

#include "base/str.h"
#include "metrics/gains.h"
#include "metrics/metrics.h"
#include "metrics/sample.h"

#include <cjson/cJSON.h>
#include <stdint.h>

typedef struct acf_results_options {
    int metric;           /* acf_metric; -1: each line's own */
    int head;             /* acf_head; -1: each line's own, by which its run predicts */
    const char *baseline; /* NULL: the first variant */
    const char *sweep;    /* only lines of the sweep of this name; NULL: all */
    const char *tasks;    /* only lines of these, "rte,mrpc"; NULL: all */
    int n_draws;
} acf_results_options;

typedef struct acf_result {
    int task, variant;
    int64_t seed, fold; /* fold 0: the run was of none */
    int n_folds;        /* of so many; 0: of none, or its line does not tell */
    int head;           /* acf_head, by which the figure is; -1: its line names no such head */
    double value;       /* NaN: the run diverged, or the figure is not defined for it */
    bool is_diverged;
} acf_result;

/* A variant on a task. */
typedef struct acf_result_cell {
    acf_sample sample; /* n > 0 */
    int n, n_diverged, n_undefined;
    int n_alone; /* of n: without a figure of the baseline beside it, or the other way round */
} acf_result_cell;

/* A variant against the baseline: over the tasks that both have, with a seed in common. */
typedef struct acf_result_gain {
    acf_gains gains;
    double p_holm; /* NaN where there is no p */
    bool is_share; /* the gain is a share of 1, to be shown in percent: more is better */
} acf_result_gain;

typedef struct acf_results {
    char **task, **variant; /* names in the order in which they came */
    acf_metric *metric;     /* [n_tasks] */
    size_t n_tasks, n_variants, n;
    acf_result *line;      /* [n] */
    acf_result_cell *cell; /* [n_tasks, n_variants] */
    acf_result_gain *gain; /* [n_variants]; the baseline's is empty */
    int baseline;
    char **other;    /* sweeps whose lines were left out: not of the name that is asked for */
    size_t n_others; /* names, each once */
    size_t n_left;   /* lines */
    char **skipped;  /* tasks whose lines were left out: not of those that are asked for */
    size_t n_skipped, skipped_cap;
    size_t task_cap, variant_cap, metric_cap, line_cap, other_cap;
} acf_results;

/* Read all lines of the files, of a directory those of its results.jsonl.  ACF_ERR_DATA names file
 * and line of what is no result line or measures again what an earlier line did; it also tells when
 * no line has the figure that is asked for (a run without it is counted as undefined);
 * ACF_ERR_USAGE for a sweep, task or baseline that no line has.  On success the caller frees *r
 * with acf_results_close, on failure it is empty. */
acf_status acf_results_open(acf_results *r, const char *const *path, size_t n_paths,
                            const acf_results_options *opt, acf_error *e) ACF_MUST_USE;
void acf_results_close(acf_results *r);

/* "linear" or "label", when all lines of the variant are by that head, else "mixed". */
const char *acf_results_head(const acf_results *r, size_t variant);

/* Two Markdown tables: figures (mean ± sd over seeds; the best of a task of which no run diverged
 * in bold) and the head that each variant has them by, then gains. */
acf_status acf_results_markdown(acf_str *out, const acf_results *r, acf_error *e) ACF_MUST_USE;

/* {"baseline", "heads": [{"variant", "head"}], "tasks": [{"task", "metric", "variants":
 * [{"variant", "n", "diverged", "undefined", "mean", "sd", "ci"}]}], "gains": [{"variant", "tasks",
 * "gain", "ci", "wins", "ties", "losses", "p", "p_holm"}]}: of every other variant, gain, ci, p and
 * p_holm null where they are not defined.  "mean" needs one run, "sd" and "ci" of a variant two.
 * *out is the caller's. */
acf_status acf_results_json(cJSON **out, const acf_results *r, acf_error *e) ACF_MUST_USE;

#endif
