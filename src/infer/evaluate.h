/* A model over a split: logits, cosines and features of every row, and the figures they give. */
#ifndef ACF_INFER_EVALUATE_H
#define ACF_INFER_EVALUATE_H

#include "base/poll.h"
#include "data/source.h"
#include "metrics/metrics.h"
#include "model/model.h"

typedef struct acf_evaluation {
    int n, K, d;
    real *logits;   /* [n, K] */
    real *cosines;  /* [n, K] */
    real *features; /* [n, d] where they were wanted; else NULL */
    bool is_labelled;
    acf_eval_result result; /* empty for an unlabelled split */
    double seconds;
} acf_evaluation;

typedef struct acf_evaluate_options {
    acf_head head;
    bool with_ci;
    bool keep_features;
    acf_poll poll;
} acf_evaluate_options;

/* Runs over all rows of source in order.  Rows without a label make the whole split unlabelled.
 * ACF_STOPPED when poll says so, ACF_ERR_NUMERIC when an output is not finite.  On success the
 * caller frees *out with acf_evaluation_free; on failure it is empty. */
acf_status acf_evaluate(acf_evaluation *out, acf_model *m, acf_source *source,
                        const acf_evaluate_options *opt, acf_error *e) ACF_MUST_USE;

void acf_evaluation_free(acf_evaluation *ev);

/* Bytes that acf_evaluate takes at most for the rows of source, without features. */
acf_status acf_evaluate_bytes(size_t *bytes, const acf_model *m, const acf_source *source,
                              acf_error *e) ACF_MUST_USE;

/* Answer of one head for a row: the class and its probability (softmax of logits, or of cosines /
 * tau). */
int acf_evaluation_answer(double *prob, const acf_evaluation *ev, int row, acf_head head,
                          double tau);

/* Probabilities [K] of one row of scores: softmax(score / tau), in double. */
void acf_probabilities(double *prob, const real *score, int K, double tau);

#endif
