#include "optim/adamw.h"

#include "num/clones.h"

#include <math.h>

/* One fused pass: every array is read once and written once. */
ACF_CLONES void acf_adamw_update(real *restrict x, real *restrict m, real *restrict v,
                                 const real *restrict grad, size_t n, acf_adamw a, double lr,
                                 double decay, double grad_scale)
{
    double correction1 = 1.0 - pow(a.beta1, (double)a.update);
    double correction2 = 1.0 - pow(a.beta2, (double)a.update);
    const real keep = (real)(1.0 - lr * decay);
    const real scale = (real)grad_scale;
    const real mix1 = (real)(1.0 - a.beta1);
    const real beta2 = (real)a.beta2, mix2 = (real)(1.0 - a.beta2);
    const real root2 = (real)sqrt(correction2), eps = (real)a.eps;
    const real step = (real)(lr / correction1);

    for (size_t i = 0; i < n; i++) {
        real g = scale * grad[i];
        m[i] += mix1 * (g - m[i]);
        v[i] = beta2 * v[i] + mix2 * g * g;
#ifdef ACF_REAL_DOUBLE
        real root = sqrt(v[i]);
#else
        real root = sqrtf(v[i]);
#endif
        x[i] = x[i] * keep - step * m[i] / (root / root2 + eps);
    }
}
