/*
 * Pearson's and Spearman's correlation of weighted points, weights being how often a point counts:
 * 1 each for a plain evaluation, the multiplicities of a resample for the bootstrap.
 */
#ifndef ACF_METRICS_CORRELATION_H
#define ACF_METRICS_CORRELATION_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* order [n]: the places of x [n] in ascending order of value, ties by place. */
acf_status acf_correlation_order(size_t *order, const double *x, size_t n,
                                 acf_error *e) ACF_MUST_USE;

/* rank [n]: average ranks, 1 = smallest, of the points counted weight times (NULL: 1 each); order
 * as above.  The rank of a point of weight 0 means nothing. */
void acf_correlation_ranks(double *rank, const double *x, const size_t *order,
                           const int32_t *weight, size_t n);

/* Pearson's r, cut to [-1, 1]; NaN when x or y is constant over the points of weight > 0. */
double acf_correlation_pearson(const double *x, const double *y, const int32_t *weight, size_t n);

#endif
