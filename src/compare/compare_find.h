/*
 * The finished runs below a directory, for comparisons: one run; a series (seed-1/ ... or
 * fold-1/ ...); or a directory of tasks, each of them a run or a series.
 *
 * A run is finished when it has predictions.SPLIT.tsv.  Of one that is not, status.json tells
 * whether it diverged.
 */
#ifndef ACF_COMPARE_COMPARE_FIND_H
#define ACF_COMPARE_COMPARE_FIND_H

#include "base/log.h"
#include "base/status.h"
#include "metrics/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum acf_found_kind { ACF_FOUND_RUN, ACF_FOUND_SEEDS, ACF_FOUND_FOLDS } acf_found_kind;

/* One finished run. */
typedef struct acf_found_run {
    char *dir;
    int64_t number; /* of the seed or fold */
} acf_found_run;

typedef struct acf_found_task {
    char *name; /* of the directory; "" when the directory asked for is no directory of tasks */
    acf_found_kind kind;
    acf_found_run *run; /* [n] by number */
    size_t n, cap;
    int64_t last; /* the largest number of all its directories, finished or not */
} acf_found_task;

/* A directory of a run that is not finished. */
typedef struct acf_left_out {
    char *dir;
    bool is_diverged;
} acf_left_out;

typedef struct acf_found {
    bool has_tasks;
    acf_found_task *task; /* [n] by name */
    size_t n, cap;
    acf_left_out *left; /* [n_left] */
    size_t n_left, left_cap;
} acf_found;

/* What is not finished is told as a warning and left out.  ACF_ERR_MODEL when nothing is left. On
 * failure *f is empty. */
acf_status acf_found_open(acf_found *f, const char *dir, const char *split, const acf_log *log,
                          acf_error *e) ACF_MUST_USE;
void acf_found_close(acf_found *f);

/* dir/predictions.SPLIT.tsv; the caller frees; NULL on failure (memory). */
char *acf_found_predictions(const char *dir, const char *split, acf_error *e);

/* What a run notes of itself in eval_results.json; unknown what that does not say. */
typedef struct acf_run_facts {
    int metric;    /* eval.metric; -1: unknown */
    int head;      /* eval.head; -1: unknown */
    char **labels; /* [K] by id; NULL: unknown */
    size_t K;
} acf_run_facts;

/* ACF_ERR_MODEL when the file is there and malformed.  On failure *facts is empty. */
acf_status acf_run_facts_read(acf_run_facts *facts, const char *dir, acf_error *e) ACF_MUST_USE;
void acf_run_facts_free(acf_run_facts *facts);

#endif
