/*
 * Expectations on an evaluation, acf-eval --assert EXPR:
 *
 *     [linear.|label.]METRIC(>=|<=|>|<)NUMBER        accuracy>=0.87   label.mcc>0.4
 *
 * METRIC is any name of acf_metric_name; without a head it means eval.head's.  Blanks around the
 * relation are allowed.  Values are compared as they are, not as they are printed.
 */
#ifndef ACF_METRICS_ASSERTION_H
#define ACF_METRICS_ASSERTION_H

#include "base/status.h"
#include "metrics/metrics.h"

#include <stdbool.h>

typedef enum acf_relation { ACF_REL_GE, ACF_REL_LE, ACF_REL_GT, ACF_REL_LT } acf_relation;

typedef struct acf_assertion {
    bool has_head; /* else eval.head */
    acf_head head;
    acf_metric metric;
    acf_relation relation;
    double bound;
} acf_assertion;

/* ACF_ERR_USAGE with the expression, what is wrong, and the nearest metric. */
acf_status acf_assertion_parse(acf_assertion *a, const char *expr, acf_error *e) ACF_MUST_USE;

/* ACF_ERR_FAIL with value and expectation when it does not hold or the figure is absent. */
acf_status acf_assertion_check(const acf_assertion *a, const acf_eval_result *r,
                               acf_error *e) ACF_MUST_USE;

#endif
