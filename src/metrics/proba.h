/*
 * Figures of a classifier that need its probabilities, softmax(scores): log-loss, Brier, ECE,
 * temperature, AUROC, top-5.  Definitions stand with acf_metric in metrics/metrics.h.
 */
#ifndef ACF_METRICS_PROBA_H
#define ACF_METRICS_PROBA_H

#include "base/status.h"
#include "metrics/metrics.h"
#include "num/real.h"

#include <stddef.h>
#include <stdint.h>

/* Sets value[LOG_LOSS], LOSS, BRIER, ECE, TEMPERATURE, AUROC (K = 2) and TOP5 (K >= 10) from gold
 * [n], pred [n] and scores [n, K], ids in range.  ACF_ERR_NUMERIC when a score is not finite,
 * naming row and class. */
acf_status acf_proba_figures(double value[ACF_METRIC_COUNT], const int32_t *gold,
                             const int32_t *pred, const real *scores, size_t n, int K,
                             acf_error *e) ACF_MUST_USE;

#endif
