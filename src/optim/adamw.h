/* AdamW (Loshchilov & Hutter 2019) as torch.optim.AdamW computes it. */
#ifndef ACF_OPTIM_ADAMW_H
#define ACF_OPTIM_ADAMW_H

#include "num/real.h"

#include <stddef.h>
#include <stdint.h>

typedef struct acf_adamw {
    double beta1, beta2, eps;
    int64_t update; /* number of this update, from 1: bias correction */
} acf_adamw;

/* What one update does to an element, worked out once for all of them. */
typedef struct acf_adamw_factors {
    real keep;        /* 1 - lr decay */
    real step;        /* lr / (1 - beta1^t) */
    real root2;       /* sqrt(1 - beta2^t) */
    real mix1;        /* 1 - beta1 */
    real beta2, mix2; /* 1 - beta2 */
    real eps;
} acf_adamw_factors;

acf_adamw_factors acf_adamw_factors_of(acf_adamw a, double lr, double decay);

/*
 * For each element, with g = grad_scale * grad:
 *
 *     x -= lr decay x                                   (decoupled decay, before the moments' step)
 *     m += (1 - beta1) (g - m)
 *     v  = beta2 v + (1 - beta2) g^2
 *     x -= lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 *
 * x, m, v [n] in and out.
 */
void acf_adamw_update(real *restrict x, real *restrict m, real *restrict v,
                      const real *restrict grad, size_t n, acf_adamw_factors f, real grad_scale);

/*
 * n_past updates with gradients of zero, one after the other.  In each, an m whose step in units of
 * the learning rate, m / (sqrt(v) / sqrt(1 - beta2^t) + eps), is below ACF_ADAMW_FADED takes that
 * step and becomes 0.
 */
void acf_adamw_replay(real *restrict x, real *restrict m, real *restrict v, size_t n,
                      const acf_adamw_factors *past, int n_past);

#define ACF_ADAMW_FADED 1.1920929e-7 /* 2^-23 */

#endif
