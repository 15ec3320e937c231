/* Stochastic gradient descent with momentum as torch.optim.SGD computes it (no dampening). */
#ifndef ACF_OPTIM_SGD_H
#define ACF_OPTIM_SGD_H

#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * For each element, with g = grad_scale * grad + decay x:
 *
 *     u  = momentum u + g
 *     x -= lr u                      nesterov: x -= lr (g + momentum u)
 *
 * x, u [n] in and out; u NULL: no momentum, x -= lr g.
 */
void acf_sgd_update(real *restrict x, real *restrict u, const real *restrict grad, size_t n,
                    double momentum, bool nesterov, double lr, double decay, double grad_scale);

#endif
