/*
 * An evaluation for people: the text that acf-eval and the end of a training run show.  Nothing
 * here prints; text is appended to the caller's string.  Control characters in label names are
 * shown as '?', long names are cut.
 */
#ifndef ACF_METRICS_REPORT_H
#define ACF_METRICS_REPORT_H

#include "base/status.h"
#include "base/str.h"
#include "data/tasks.h"
#include "metrics/metrics.h"

enum {
    ACF_REPORT_MATRIX_MAX = 12,  /* more classes: the most frequent confusions instead */
    ACF_REPORT_CLASSES_MAX = 100 /* more classes: those of the lowest F1 only */
};

/* What the headline of r shows: `first` (eval.metric; NULL: none), then the task's metrics (NULL:
 * accuracy), for a regression Pearson and Spearman; returns how many. */
int acf_report_choice(acf_metric list[ACF_TASK_METRICS + 1], const acf_eval_result *r,
                      const acf_task *task, const char *first);

/* "accuracy = 0.8790  (95 % CI 0.8561-0.9000)" and a newline, one line for each of the n metrics
 * that is present, by eval.head; without the parenthesis when there is no interval.  The F1 of two
 * classes is one label's, which is told behind it: ", of 'miss'".  names [K] are the labels (not
 * looked at for a regression). */
acf_status acf_report_headline(acf_str *out, const acf_eval_result *r, const acf_metric *metric,
                               int n, const char *const *names, acf_error *e) ACF_MUST_USE;

/* Everything below the headline: both heads side by side, classes, confusions of eval.head, the
 * space.  names [K] are the labels (NULL for regression). */
acf_status acf_report_full(acf_str *out, const acf_eval_result *r, const char *const *names,
                           acf_error *e) ACF_MUST_USE;

#endif
