/*
 * Figures of a feature space (acf_space in metrics/metrics.h): whether classes are tight,
 * directions spread, and the space not collapsed.
 *
 * u_i = h_i / |h_i|, 0 where |h_i| <= 1e-12, as in the loss; e_k likewise from W.
 *
 *     alignment       mean |u_i - u_j|^2 over all pairs of one class (Wang & Isola 2020, alpha = 2)
 *     mean_cosine     (|sum u|^2 - sum |u|^2) / (n (n - 1))
 *     uniformity      log mean exp(-2 |u_i - u_j|^2) over the pairs of a sample (same paper, t = 2)
 *     effective_rank  exp(- sum p log p), p = singular values of the sample's centred raw features
 *                     divided by their sum (Roy & Vetterli 2007)
 *
 * The sample is all rows up to ACF_SPACE_SAMPLE, else that many rows evenly spread, i n / sample:
 * the first ones would be of few classes in a file sorted by class.  The rest is over all rows.
 */
#ifndef ACF_METRICS_SPACE_H
#define ACF_METRICS_SPACE_H

#include "base/status.h"
#include "metrics/metrics.h"
#include "num/real.h"

#include <stddef.h>
#include <stdint.h>

enum { ACF_SPACE_SAMPLE = 2000 };

/* The figures of n rows that come one batch after another; features are not kept but the sample. */
typedef struct acf_space_rows acf_space_rows;

/* W [K, d]; n, d, K >= 1.  On failure *out is NULL: ACF_ERR_NUMERIC when a weight is not finite. */
acf_status acf_space_open(acf_space_rows **out, const real *W, size_t n, int d, int K,
                          acf_error *e) ACF_MUST_USE;

/* The next n_more rows: gold in 0 .. K-1, features h [n_more, d].  ACF_ERR_NUMERIC. */
acf_status acf_space_add(acf_space_rows *s, const int32_t *gold, const real *h, size_t n_more,
                         acf_error *e) ACF_MUST_USE;

/* All figures but agreement, after the last of the n rows. */
acf_status acf_space_finish(acf_space *out, const acf_space_rows *s, acf_error *e) ACF_MUST_USE;

/* *s becomes NULL; NULL is allowed. */
void acf_space_close(acf_space_rows **s);

/* Share of the rows for which both heads predict the same class. */
double acf_space_agreement(const int32_t *linear, const int32_t *label, size_t n);

/* Bytes that the above hold at most. */
size_t acf_space_bytes(size_t n, int d, int K);

#endif
