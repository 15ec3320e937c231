/*
 * An evaluation as JSON, what acf-eval --json prints:
 *
 *     {"model", "data", "n", "head", "loss", "labels": [name ...],
 *      "linear": {"accuracy": x, "f1": x, ..., "ci": {"accuracy": [low, high], ...},
 *                 "per_class": {name: {"precision", "recall", "f1", "support"}},
 *                 "confusion_matrix": [[...]]},
 *      "label": {...}, "space": {"agreement", ...}}
 *
 * Figures have the names of eval.metric; absent ones have no key.  "loss" outside is that of "head"
 * (eval.head).  The confusion matrix, rows = gold, is left out above ACF_JSON_CONFUSION_MAX
 * classes.
 */
#ifndef ACF_METRICS_METRICS_JSON_H
#define ACF_METRICS_METRICS_JSON_H

#include "base/status.h"
#include "metrics/metrics.h"

#include <cjson/cJSON.h>

enum { ACF_JSON_CONFUSION_MAX = 256 };

/* names [K]: the labels (NULL for regression).  *out is the caller's (cJSON_Delete), NULL on
 * failure, which only memory causes. */
acf_status acf_metrics_json(cJSON **out, const acf_eval_result *r, const char *model,
                            const char *data, const char *const *names, acf_error *e) ACF_MUST_USE;

/* Adds "linear", "label" and "space" as above to an object, for eval_results.json; "per_class" and
 * the matrix only of at most classes_max classes. */
acf_status acf_metrics_json_heads(cJSON *object, const acf_eval_result *r, const char *const *names,
                                  int classes_max, acf_error *e) ACF_MUST_USE;

/* Adds one number for each figure that is present (none of an empty m), named prefix + name
 * ("eval_" + "accuracy"), to an object: for eval_results.json and the run log. */
acf_status acf_metrics_json_values(cJSON *object, const acf_metrics *m, const char *prefix,
                                   acf_error *e) ACF_MUST_USE;

#endif
