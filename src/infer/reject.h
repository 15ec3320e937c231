/*
 * Saying "none of these": from which confidence on an answer counts.
 *
 * The confidence of a row is its cosine to the nearest label embedding, or the probability of the
 * answering head.  A threshold is chosen on held-out rows of the known classes so that a wanted
 * share of them stays above it; what lies below is answered with '?'.
 */
#ifndef ACF_INFER_REJECT_H
#define ACF_INFER_REJECT_H

#include "base/str.h"
#include "infer/evaluate.h"

#include <cjson/cJSON.h>

/* What stands in place of a rejected row's label. */
#define ACF_REJECTED_LABEL "?"

/* A threshold and the share of rows at or above it. */
typedef struct acf_threshold {
    double value; /* rounded down to six digits, so that it can be typed */
    double kept;
} acf_threshold;

typedef struct acf_rejection {
    double wanted; /* the share that was asked for */
    acf_threshold cosine, prob;
} acf_rejection;

/* The largest threshold that at least `share` in (0, 1] of confidence [n >= 1] reach.  confidence
 * is sorted. */
acf_threshold acf_threshold_keep(double *confidence, size_t n, double share);

/* Both thresholds for the rows of an evaluation; head and tau as in acf_evaluation_answer.
 * ACF_ERR_RESOURCE. */
acf_status acf_reject_choose(acf_rejection *out, const acf_evaluation *ev, acf_head head,
                             double tau, double share, acf_error *e) ACF_MUST_USE;

/* For people, and for acf-eval --json: "reject": {"share", "cosine", "cosine_kept", "prob",
 * "prob_kept"}. */
acf_status acf_reject_report(acf_str *out, const acf_rejection *r, acf_error *e) ACF_MUST_USE;
acf_status acf_reject_json(cJSON *object, const acf_rejection *r, acf_error *e) ACF_MUST_USE;

#endif
