#include "num/batchnorm.h"

#include "num/lanes.h"

#include <math.h>
#include <omp.h>

enum { L = ACF_LANES };

/* Chan, Golub, LeVeque 1983: planes of equal size, one after another. */
void acf_batchnorm_merge(acf_moments *moments, const acf_plane_stats *stats, int N, int C,
                         size_t pixels)
{
    size_t channels = acf_blocked_channels(C);
    for (size_t c = 0; c < (size_t)C; c++) {
        double mean = 0.0, square = 0.0, size = (double)pixels;
        for (int n = 0; n < N; n++) {
            const acf_plane_stats *s = &stats[(size_t)n * channels + c];
            double off = s->mean - mean;
            mean += off / (n + 1);
            square += s->square + off * off * size * n / (n + 1);
        }
        moments[c] = (acf_moments){.mean = mean, .var = square / (size * N)};
    }
}

void acf_batchnorm_scale(real *scale, real *shift, real *mean, real *rstd,
                         const acf_moments *moments, const real *gamma, const real *beta,
                         double eps, int C)
{
    size_t channels = acf_blocked_channels(C);
    for (size_t c = 0; c < (size_t)C; c++) {
        double inv = 1.0 / sqrt(moments[c].var + eps), factor = (double)gamma[c] * inv;
        scale[c] = (real)factor;
        shift[c] = (real)((double)beta[c] - moments[c].mean * factor);
        mean[c] = (real)moments[c].mean;
        rstd[c] = (real)inv;
    }
    for (size_t c = (size_t)C; c < channels; c++)
        scale[c] = shift[c] = mean[c] = rstd[c] = 0;
}

void acf_batchnorm_track(real *running_mean, real *running_var, const acf_moments *moments,
                         double momentum, size_t n, int C)
{
    for (int c = 0; c < C; c++) {
        double mean = (double)running_mean[c], var = (double)running_var[c];
        running_mean[c] = (real)(mean + momentum * (moments[c].mean - mean));
        if (n < 2) continue;
        double unbiased = moments[c].var * (double)n / (double)(n - 1);
        running_var[c] = (real)(var + momentum * (unbiased - var));
    }
}

void acf_batchnorm_backward(real *a, real *b, real *c, real *d_gamma, real *d_beta,
                            const acf_plane_sums *sums, const real *mean, const real *rstd,
                            const real *gamma, int N, int C, size_t n, bool constant)
{
    size_t channels = acf_blocked_channels(C);
    for (size_t k = 0; k < (size_t)C; k++) {
        double sum = 0.0, dot = 0.0, inv = (double)rstd[k], factor = (double)gamma[k] * inv;
        for (size_t i = 0; i < (size_t)N; i++) {
            sum += sums[i * channels + k].sum;
            dot += sums[i * channels + k].dot;
        }
        dot *= inv; /* of d_z xhat */
        if (d_gamma != NULL) d_gamma[k] = (real)((double)d_gamma[k] + dot);
        if (d_beta != NULL) d_beta[k] = (real)((double)d_beta[k] + sum);
        double slope = constant ? 0.0 : -factor * inv * dot / (double)n;
        double level = constant ? 0.0 : -factor * sum / (double)n;
        a[k] = (real)factor;
        b[k] = (real)slope;
        c[k] = (real)(level - slope * (double)mean[k]);
    }
    for (size_t k = (size_t)C; k < channels; k++)
        a[k] = b[k] = c[k] = 0;
}

/* One plane; r NULL: none, r_scale NULL: r as it is. */
ACF_CLONES static void join_plane(real *out, const real *y, const real *scale, const real *shift,
                                  const real *r, const real *r_scale, const real *r_shift,
                                  size_t pixels)
{
    acf_lanes a = acf_lanes_load(scale), b = acf_lanes_load(shift);
    if (r == NULL) {
        for (size_t i = 0; i < pixels * L; i += L)
            acf_lanes_store(out + i, acf_lanes_relu(a * acf_lanes_load(y + i) + b));
        return;
    }
    if (r_scale == NULL) {
        for (size_t i = 0; i < pixels * L; i += L)
            acf_lanes_store(out + i,
                            acf_lanes_relu(a * acf_lanes_load(y + i) + b + acf_lanes_load(r + i)));
        return;
    }
    acf_lanes ra = acf_lanes_load(r_scale), rb = acf_lanes_load(r_shift);
    for (size_t i = 0; i < pixels * L; i += L)
        acf_lanes_store(out + i, acf_lanes_relu(a * acf_lanes_load(y + i) + b +
                                                (ra * acf_lanes_load(r + i) + rb)));
}

void acf_batchnorm_join(real *out, const real *y, const real *scale, const real *shift,
                        const real *r, const real *r_scale, const real *r_shift, int N, int C,
                        size_t pixels)
{
    size_t blocks = acf_blocked_channels(C) / L, planes = (size_t)N * blocks;
#pragma omp parallel for schedule(static) if (planes > 1 && !omp_in_parallel())
    for (size_t i = 0; i < planes; i++) {
        size_t at = i * pixels * L, channel = i % blocks * L;
        join_plane(out + at, y + at, scale + channel, shift + channel, r != NULL ? r + at : NULL,
                   r_scale != NULL ? r_scale + channel : NULL,
                   r_scale != NULL ? r_shift + channel : NULL, pixels);
    }
}
