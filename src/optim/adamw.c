#include "optim/adamw.h"

#include "num/clones.h"

#include <math.h>
#include <stdbool.h>

#ifdef ACF_REAL_DOUBLE
#define ROOT sqrt
#define ABS  fabs
#else
#define ROOT sqrtf
#define ABS  fabsf
#endif

acf_adamw_factors acf_adamw_factors_of(acf_adamw a, double lr, double decay)
{
    double correction1 = 1.0 - pow(a.beta1, (double)a.update);
    double correction2 = 1.0 - pow(a.beta2, (double)a.update);
    return (acf_adamw_factors){.keep = (real)(1.0 - lr * decay),
                               .step = (real)(lr / correction1),
                               .root2 = (real)sqrt(correction2),
                               .mix1 = (real)(1.0 - a.beta1),
                               .beta2 = (real)a.beta2,
                               .mix2 = (real)(1.0 - a.beta2),
                               .eps = (real)a.eps};
}

/* One fused pass: every array is read once and written once. */
ACF_CLONES void acf_adamw_update(real *restrict x, real *restrict m, real *restrict v,
                                 const real *restrict grad, size_t n, acf_adamw_factors f,
                                 real grad_scale)
{
    for (size_t i = 0; i < n; i++) {
        real g = grad_scale * grad[i];
        m[i] += f.mix1 * (g - m[i]);
        v[i] = f.beta2 * v[i] + f.mix2 * g * g;
        x[i] = x[i] * f.keep - f.step * m[i] / (ROOT(v[i]) / f.root2 + f.eps);
    }
}

/* Has every first moment faded away? */
ACF_CLONES static bool is_zero(const real *restrict m, size_t n)
{
    real most = 0;
    for (size_t i = 0; i < n; i++)
        most = ABS(m[i]) > most ? ABS(m[i]) : most;
    return !(most > 0);
}

ACF_CLONES static void fade(real *restrict x, real *restrict m, real *restrict v, size_t n,
                            acf_adamw_factors f)
{
    for (size_t i = 0; i < n; i++) {
        m[i] += f.mix1 * ((real)0 - m[i]);
        v[i] = f.beta2 * v[i];
        real u = m[i] / (ROOT(v[i]) / f.root2 + f.eps);
        x[i] = x[i] * f.keep - f.step * u;
        m[i] = ABS(u) < (real)ACF_ADAMW_FADED ? (real)0 : m[i];
    }
}

ACF_CLONES static void decay(real *restrict x, real *restrict v, size_t n, acf_adamw_factors f)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = x[i] * f.keep;
        v[i] = f.beta2 * v[i];
    }
}

void acf_adamw_replay(real *restrict x, real *restrict m, real *restrict v, size_t n,
                      const acf_adamw_factors *past, int n_past)
{
    int t = 0;
    for (; t < n_past && !is_zero(m, n); t++)
        fade(x, m, v, n, past[t]);
    bool is_new = t < n_past && is_zero(v, n); /* never touched: without decay nothing changes */
    for (; t < n_past; t++)
        if (!is_new || past[t].keep < 1 || past[t].keep > 1) decay(x, v, n, past[t]);
}
