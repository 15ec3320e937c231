#include "bench/peak.h"

#include "base/clock.h"
#include "num/lanes.h"
#include "num/threads.h"

enum { SUMS = 20, ROUNDS = 500000, ATTEMPTS = 8 };

/* Twenty independent sums hide the latency of a multiply-add; they fit the 32 registers of AVX-512
 * and are spilled nowhere. */
ACF_CLONES static real chains(real x)
{
    acf_lanes sum[SUMS], a, b, total = {0};
    for (int l = 0; l < ACF_LANES; l++) {
        a[l] = 1 - x;
        b[l] = x;
    }
#pragma GCC unroll 20
    for (int k = 0; k < SUMS; k++)
        sum[k] = (real)k * b; /* all different, or the compiler keeps one */
    for (int round = 0; round < ROUNDS; round++)
#pragma GCC unroll 20
        for (int k = 0; k < SUMS; k++)
            sum[k] = sum[k] * a + b;
#pragma GCC unroll 20
    for (int k = 0; k < SUMS; k++)
        total += sum[k];
    return total[0];
}

double peak_flops(void)
{
    int n_threads = acf_threads_get();
    double best = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        double begin = acf_clock_s();
        real total = 0;
#pragma omp parallel for schedule(static, 1) reduction(+ : total)
        for (int t = 0; t < n_threads; t++)
            total += chains((real)1e-3);
        double s = acf_clock_s() - begin;
        double flops = 2.0 * n_threads * SUMS * ACF_LANES * ROUNDS / s;
        if (total > 0 && flops > best) best = flops;
    }
    return best;
}
