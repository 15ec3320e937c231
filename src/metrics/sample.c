#include "metrics/sample.h"

#include <math.h>
#include <stdlib.h>

/*
 * Regularized incomplete beta function I_x(a, b) by its continued fraction, which converges fast
 * for x < (a + 1) / (a + b + 2); elsewhere 1 - I_{1-x}(b, a).  Source: Abramowitz & Stegun 26.5.8,
 * evaluated by Lentz's method.
 */
static double incomplete_beta(double x, double a, double b)
{
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    if (x > (a + 1) / (a + b + 2)) return 1 - incomplete_beta(1 - x, b, a);
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a;
    const double tiny = 1e-300;
    double f = 1, c = 1, d = 0;
    for (int i = 0; i <= 1000; i++) {
        int m = i / 2;
        double k = m;
        double term = i == 0       ? 1
                      : i % 2 == 0 ? k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
                                   : -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
        d = 1 + term * d;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = 1 + term / c;
        if (fabs(c) < tiny) c = tiny;
        f *= c * d;
        if (fabs(1 - c * d) < 1e-15) break;
    }
    return front * (f - 1);
}

double acf_student_two_sided(double t, double df)
{
    return incomplete_beta(df / (df + t * t), df / 2, 0.5);
}

/* P(T <= t) for t >= 0. */
static double student(double t, double df)
{
    return 1 - 0.5 * acf_student_two_sided(t, df);
}

double acf_student_quantile(double p, double df)
{
    double low = 0, high = 1;
    while (student(high, df) < p && high < 1e300)
        high *= 2;
    for (int i = 0; i < 200 && high - low > 1e-13 * high; i++) {
        double middle = 0.5 * (low + high);
        if (student(middle, df) < p)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

int acf_sample_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

acf_sample acf_sample_of(double *x, size_t n, int n_folds)
{
    acf_sample s = {.n = n, .sd = NAN, .error = NAN, .low = NAN, .high = NAN};
    double count = (double)n, square = 0;
    qsort(x, n, sizeof *x, acf_sample_order);
    for (size_t i = 0; i < n; i++)
        s.mean += x[i] / count;
    s.median = n % 2 == 1 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
    s.min = x[0];
    s.max = x[n - 1];
    if (n < 2) return s;
    for (size_t i = 0; i < n; i++)
        square += (x[i] - s.mean) * (x[i] - s.mean);
    s.sd = sqrt(square / (count - 1));
    s.error = s.sd * sqrt(1 / count + (n_folds > 1 ? 1 / ((double)n_folds - 1) : 0));
    double half = acf_student_quantile(0.975, count - 1) * s.error;
    s.low = s.mean - half;
    s.high = s.mean + half;
    return s;
}

double acf_sample_p(const acf_sample *s)
{
    if (s->n < 2) return NAN;
    if (s->error > 0) return acf_student_two_sided(s->mean / s->error, (double)s->n - 1);
    return fabs(s->mean) < 1e-12 ? 1 : 0;
}
