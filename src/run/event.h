/* The events of metrics.jsonl as JSON objects. */
#ifndef ACF_RUN_EVENT_H
#define ACF_RUN_EVENT_H

#include "infer/evaluate.h"
#include "run/trainer_internal.h"

typedef struct acf_event_means {
    const acf_train_sums *sums;   /* over the updates since the last event */
    const acf_train_speed *speed; /* of those that were made here, at least one */
    double lr, lr_head;           /* of the latest */
    int64_t step;
    double epoch;
} acf_event_means;

/* {"event": "train", step, epoch, loss, loss_ce, loss_contrast, loss_cor, excess (null where it was
 * never defined), grad_norm, lr, lr_head, examples_per_s, tokens_per_s}: means over the updates,
 * parts before their weights; rates over the updates of this process.  The caller deletes *out;
 * NULL on failure. */
acf_status acf_event_train(cJSON **out, const acf_event_means *m, acf_error *e) ACF_MUST_USE;

/* {"event": "eval", step, epoch, split, n, seconds, linear: {...}, label: {...}, mean_cosine}; no
 * "label" for a regression, no "mean_cosine" where ev has no figures of the features. */
acf_status acf_event_eval(cJSON **out, const acf_evaluation *ev, const char *split, int64_t step,
                          double epoch, acf_error *e) ACF_MUST_USE;

#endif
