#include "optim/sgd.h"

#include "num/clones.h"

ACF_CLONES void acf_sgd_update(real *restrict x, real *restrict u, const real *restrict grad,
                               size_t n, double momentum, bool nesterov, double lr, double decay,
                               double grad_scale)
{
    const real rate = (real)lr, wd = (real)decay, scale = (real)grad_scale, mu = (real)momentum;

    if (u == NULL) {
        for (size_t i = 0; i < n; i++)
            x[i] -= rate * (scale * grad[i] + wd * x[i]);
    } else if (nesterov) {
        for (size_t i = 0; i < n; i++) {
            real g = scale * grad[i] + wd * x[i];
            u[i] = mu * u[i] + g;
            x[i] -= rate * (g + mu * u[i]);
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            u[i] = mu * u[i] + (scale * grad[i] + wd * x[i]);
            x[i] -= rate * u[i];
        }
    }
}
