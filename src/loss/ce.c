#include "loss/ce.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* One row: returns sum_k q_k (log Z - x_k) for targets q_k = e v_k / K, with (1 - e) v_y added at
 * y; d_x [K] = (sum of q) softmax - q. */
static double row_loss(double *d_x, const double *x, int32_t y, const double *v, double smoothing,
                       int K)
{
    double peak = -INFINITY;
    for (int k = 0; k < K; k++)
        if (x[k] > peak) peak = x[k];
    double sum = 0.0;
    for (int k = 0; k < K; k++)
        sum += exp(x[k] - peak);
    double log_sum = log(sum);

    double loss = 0.0, mass = 0.0;
    for (int k = 0; k < K; k++) {
        double q = smoothing / K + (k == y ? 1.0 - smoothing : 0.0);
        if (q == 0.0) continue;
        if (v != NULL) q *= v[k];
        loss += q * (log_sum - (x[k] - peak));
        mass += q;
    }
    if (d_x == NULL) return loss;
    for (int k = 0; k < K; k++) {
        double q = smoothing / K + (k == y ? 1.0 - smoothing : 0.0);
        if (v != NULL) q *= v[k];
        d_x[k] = mass * (exp(x[k] - peak) / sum) - q;
    }
    return loss;
}

double acf_cross_entropy(double *d_logits, const double *logits, const int32_t *y, const double *v,
                         double smoothing, double weight, int N, int K)
{
    double total = 0.0, divisor = 0.0;
    for (int i = 0; i < N; i++) {
        size_t at = (size_t)i * (size_t)K;
        double *d_x = d_logits != NULL ? d_logits + at : NULL;
        total += row_loss(d_x, logits + at, y[i], v, smoothing, K);
        divisor += v != NULL ? v[y[i]] : 1.0;
    }
    size_t len = (size_t)N * (size_t)K;
    if (divisor == 0.0) {
        if (d_logits != NULL) memset(d_logits, 0, len * sizeof *d_logits);
        return 0.0;
    }
    for (size_t j = 0; j < len && d_logits != NULL; j++)
        d_logits[j] *= weight / divisor;
    return total / divisor;
}

double acf_mean_squared_error(double *d_x, const double *x, const double *target, int N)
{
    double total = 0.0;
    for (int i = 0; i < N; i++) {
        double miss = x[i] - target[i];
        total += miss * miss;
        if (d_x != NULL) d_x[i] = 2.0 * miss / N;
    }
    return total / N;
}
