/*
 * Layer normalization with the residual fused in (HF BertSelfOutput, BertOutput: LayerNorm(hidden +
 * input)); Ba, Kiros, Hinton 2016.
 */
#ifndef ACF_NUM_NORM_H
#define ACF_NUM_NORM_H

#include "num/real.h"

#include <stddef.h>

/*
 * s = x + residual (NULL: 0);  y[t, c] = (s[t, c] - mean_t) rstd_t gamma[c] + beta[c],
 * rstd_t = 1 / sqrt(var_t + eps), var biased.
 * y, x, residual [rows, C]; gamma, beta [C]; xhat [rows, C] = (s - mean) rstd and rstd [rows] are
 * kept for the backward pass (both NULL in evaluation).  y may be x or residual.
 */
void acf_layernorm_forward(real *y, real *xhat, real *rstd, const real *x, const real *residual,
                           const real *gamma, const real *beta, double eps, size_t rows, int C);

/*
 * d_x [rows, C] = gradient of s (serves x and residual alike); d_gamma, d_beta [C] are added to
 * (NULL: not wanted).  Column sums run over fixed blocks of rows, partial sums in double.  d_x may
 * be d_y.
 */
void acf_layernorm_backward(real *d_x, real *d_gamma, real *d_beta, const real *d_y,
                            const real *xhat, const real *rstd, const real *gamma, size_t rows,
                            int C);

/* d_b [n] += sum over rows of d_y [rows, n]: the gradient of a bias; same fixed order. */
void acf_bias_backward(real *d_b, const real *d_y, size_t rows, int n);

/* y [rows, n] += b [n] */
void acf_bias_add(real *y, const real *b, size_t rows, int n);

#endif
