/* Figures of a small sample: what several runs with different seeds say together. */
#ifndef ACF_METRICS_SAMPLE_H
#define ACF_METRICS_SAMPLE_H

#include <stddef.h>

typedef struct acf_sample {
    size_t n;
    double mean;
    double sd;        /* with n - 1; NaN for n = 1 */
    double error;     /* standard error of the mean; NaN for n = 1 */
    double low, high; /* 95 % interval of the mean, mean +- t error; NaN for n = 1 */
    double median;    /* mean of the two middle values when n is even */
    double min, max;
} acf_sample;

/* The ascending order of two doubles, for qsort. */
int acf_sample_order(const void *a, const void *b);

/* x [n >= 1], finite; sorted on return.  n_folds > 1: the values are of folds of so many, which
 * share training data; the error is then sd sqrt(1 / n + test / train), test / train =
 * 1 / (n_folds - 1) (Nadeau & Bengio 2003), else sd / sqrt(n). */
acf_sample acf_sample_of(double *x, size_t n, int n_folds);

/* Two-sided p of the hypothesis that the mean is 0, by Student's t with n - 1 degrees of freedom;
 * without any spread 1 for a mean of 0, else 0; NaN for n = 1. */
double acf_sample_p(const acf_sample *s);

/* The t with P(T <= t) = p, 0.5 <= p < 1, for Student's T with df >= 1 degrees of freedom, to 1e-10
 * relative (Numerical computation: bisection on the regularized incomplete beta function). */
double acf_student_quantile(double p, double df);

/* P(|T| >= |t|) for Student's T with df > 0 degrees of freedom; t may be infinite. */
double acf_student_two_sided(double t, double df);

#endif
