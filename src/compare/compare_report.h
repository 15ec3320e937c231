/*
 * A comparison for people and as JSON, what acf-eval --compare shows.
 *
 *     {"split", "head" ("linear", "label"; absent: each run's own), "draws", "alpha",
 *      "runs": [path ...], "left_out": [{"run": directory below them, "why": "diverged" or
 *      "unfinished"}],
 *      "pairs": [{"first", "second", "p", "p_holm", "verdict", ...}]}
 *
 * Of runs and series a pair goes on with: "metric", "heads": [first, second] (null:
 * unknown), "parts" ("run", "seeds", "folds"),
 * "same_examples" (do all parts have them), "mean": [first, second], "difference", "ci",
 * "bootstrap": {"ci", "p"}, then "mcnemar": {"only_first", "only_second", "p"} or "randomization":
 * {"p"}, "student": {"ci", "p"} with several parts, and "values": [{"number" (not of "run"), "n",
 * "first", "second"}].
 *
 * Of directories of tasks: "gain" (mean over tasks, more is better), "ci", "bootstrap": {"p"},
 * "wins", "ties", "losses", "wilcoxon": {"n", "plus", "minus", "method": "exact" or "normal", "p"},
 * and "tasks": [{"task", and all of the above for it, "p_holm" over all tasks of all pairs}].  With
 * one task there are no "bootstrap" and "wilcoxon", and gain, ci and p are the task's.  Over
 * metrics of both directions there are neither, and gain, ci, p and p_holm are null.
 *
 * "verdict" is the path of the better one at 5 % by p_holm, or null: no difference shown.
 */
#ifndef ACF_COMPARE_COMPARE_REPORT_H
#define ACF_COMPARE_COMPARE_REPORT_H

#include "base/str.h"
#include "compare/compare.h"

#include <cjson/cJSON.h>

acf_status acf_compare_text(acf_str *out, const acf_compare *c, acf_error *e) ACF_MUST_USE;

/* *out is the caller's (cJSON_Delete), NULL on failure, which only memory causes. */
acf_status acf_compare_json(cJSON **out, const acf_compare *c, acf_error *e) ACF_MUST_USE;

#endif
