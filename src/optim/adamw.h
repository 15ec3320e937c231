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
                      const real *restrict grad, size_t n, acf_adamw a, double lr, double decay,
                      double grad_scale);

#endif
