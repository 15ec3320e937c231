/* The terms on the logits: cross-entropy and mean squared error. */
#ifndef ACF_LOSS_CE_H
#define ACF_LOSS_CE_H

#include <stdint.h>

/*
 * Cross-entropy with log-softmax p, class weights v (NULL: all 1) and smoothing e:
 *
 *     - sum_i [ (1 - e) v_{y_i} p_{i,y_i} + (e / K) sum_k v_k p_ik ] / sum_i v_{y_i}
 *
 * as torch.nn.functional.cross_entropy defines it; 0 when the weights of all rows are 0.
 * d_logits [N, K] = weight d value / d logits (NULL: value only); logits [N, K].
 */
double acf_cross_entropy(double *d_logits, const double *logits, const int32_t *y, const double *v,
                         double smoothing, double weight, int N, int K);

/* mean_i (x_i - target_i)^2; d_x [N] = its gradient (NULL: value only). */
double acf_mean_squared_error(double *d_x, const double *x, const double *target, int N);

#endif
