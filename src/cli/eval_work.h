/* What acf-eval does, once it has a model: figures of held-out data, or a class more. */
#ifndef ACF_CLI_EVAL_WORK_H
#define ACF_CLI_EVAL_WORK_H

#include "cli/options.h"
#include "infer/held_out.h"

#include <stdint.h>

typedef struct acf_eval_arguments {
    const char *model;
    int split; /* 0: not given */
    const char *data, *task, *predictions, *errors, *submission;
    acf_words sets, asserts, classes;
    double reject_at; /* 0: not asked for */
    const char *output;
    bool json;
    int64_t threads;
    bool compare, results;
    const char *baseline, *sweep, *tasks; /* of --results */
    const char *metric;
    int head;      /* 0: not given, else acf_head + 1 */
    int64_t draws; /* 0: not given */
} acf_eval_arguments;

/* The files that are to be written, before the model is read: "-" and one file twice are
 * ACF_ERR_USAGE, what cannot be written is ACF_ERR_RESOURCE. */
acf_status acf_eval_check_outputs(const acf_eval_arguments *a, acf_error *e) ACF_MUST_USE;

/* ACF_ERR_USAGE when one of them is a file of the model in the directory dir. */
acf_status acf_eval_spare_model(const acf_eval_arguments *a, const char *dir,
                                acf_error *e) ACF_MUST_USE;

/* Evaluate h, write the files that were asked for, put report or JSON into out, check --assert.
 * The object says how many lines data.on_bad_line left out, when it did: "bad_lines"; of a series,
 * which run is measured: "run". Rows without labels have no figures: the JSON object is {"model",
 * "data", "n", "labelled": false}, and without a file to write or --reject-at, which needs none, or
 * with --assert, they are ACF_ERR_DATA.  ACF_ERR_USAGE, before the work, when a file to write is
 * one of h. */
acf_status acf_eval_figures(acf_str *out, const acf_eval_arguments *a, acf_model *m,
                            const acf_held_out *h, acf_error *e) ACF_MUST_USE;

/* --add-class: a larger model instead of figures.  On ACF_ERR_USAGE `problems` may hold
 * those of the configuration. */
acf_status acf_eval_add_classes(acf_str *out, acf_str *problems, const acf_eval_arguments *a,
                                acf_model *m, const acf_log *log, acf_error *e) ACF_MUST_USE;

/* --compare: the operands are finished runs; text or JSON into out. */
acf_status acf_eval_compare(acf_str *out, const acf_eval_arguments *a, const acf_words *runs,
                            const acf_log *log, acf_error *e) ACF_MUST_USE;

/* --results: the operands are files of result lines; text or JSON into out. */
acf_status acf_eval_results(acf_str *out, const acf_eval_arguments *a, const acf_words *files,
                            acf_error *e) ACF_MUST_USE;

#endif
