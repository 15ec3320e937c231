/*
 * Activation functions, vectorized, to the accuracy of `real`; threaded over fixed blocks of rows.
 *
 * In float, relative errors of y are at most 6 units of 2^-23 (tanh 2) where |y| is
 * above 0.01, and of that size absolutely below; those of derivatives 6 units of at least 0.25.
 * NaN gives NaN; minus infinity gives NaN too, but for relu and tanh.
 */
#ifndef ACF_NUM_ACT_H
#define ACF_NUM_ACT_H

#include "num/real.h"

#include <stddef.h>

typedef enum acf_act {
    ACF_ACT_GELU,      /* x Phi(x), Phi by erf                     HF ACT2FN "gelu" */
    ACF_ACT_GELU_TANH, /* 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))   "gelu_new" */
    ACF_ACT_RELU,      /* max(x, 0)                                           "relu" */
    ACF_ACT_TANH,
    ACF_ACT_SILU /* x / (1 + exp(-x))                                 "silu", "swish" */
} acf_act;

/* x [rows, n] += bias [n] (NULL: nothing), left in x for the backward pass; y = act(x). */
void acf_act_forward(real *y, real *x, const real *bias, size_t rows, int n, acf_act act);

/* d_x = d_y act'(x), x after the bias as acf_act_forward left it; d_x may be d_y.  Forward line:
 * y = act(x). */
void acf_act_backward(real *d_x, const real *d_y, const real *x, size_t rows, int n, acf_act act);

#endif
