/*
 * Batch normalization (Ioffe, Szegedy 2015) as torch.nn.BatchNorm2d computes it, over blocked
 * images (num/conv.h):
 *
 *     z = (y - mean) rstd gamma + beta = scale y + shift,   rstd = 1 / sqrt(var + eps)
 *
 * Convolutions apply scale and shift while they read and form the sums over y and its gradient
 * while they write; here is what is done with those sums, and the passes over whole arrays that no
 * convolution can take along.  Arrays over channels have acf_blocked_channels(C) elements, those
 * beyond C are set to 0.
 */
#ifndef ACF_NUM_BATCHNORM_H
#define ACF_NUM_BATCHNORM_H

#include "num/conv.h"

/* Mean and variance of each channel over n values. */
typedef struct acf_moments {
    double mean, var; /* var biased: divided by n */
} acf_moments;

/* moments [C] from stats [N, channels] of planes of `pixels` values, images in order. */
void acf_batchnorm_merge(acf_moments *moments, const acf_plane_stats *stats, int N, int C,
                         size_t pixels);

/* scale, shift, mean and rstd (over channels) from moments, gamma and beta [C]. */
void acf_batchnorm_scale(real *scale, real *shift, real *mean, real *rstd,
                         const acf_moments *moments, const real *gamma, const real *beta,
                         double eps, int C);

/* running += momentum (batch - running) for mean and variance [C]; the variance of the batch is
 * made unbiased, n / (n - 1), from n values (n = 1: the running variance stays). */
void acf_batchnorm_track(real *running_mean, real *running_var, const acf_moments *moments,
                         double momentum, size_t n, int C);

/*
 * Coefficients over channels of the gradient d_y = a d_z + b y + c:
 *
 *     d_y = gamma rstd (d_z - mean(d_z) - xhat mean(d_z xhat)),   xhat = (y - mean) rstd
 *
 * from sums [N, channels] of d_z and d_z (y - mean) over n values; d_gamma, d_beta [C] are added to
 * (NULL: not wanted).  With `constant` mean and variance were given, not computed from y:
 * d_y = gamma rstd d_z, b = c = 0.
 */
void acf_batchnorm_backward(real *a, real *b, real *c, real *d_gamma, real *d_beta,
                            const acf_plane_sums *sums, const real *mean, const real *rstd,
                            const real *gamma, int N, int C, size_t n, bool constant);

/* out = relu(scale y + shift + r'), r' = r or, unless r_scale is NULL, r_scale r + r_shift: the end
 * of a residual block.  r NULL: r' = 0.  Blocked arrays [N, C / L, pixels, L]; out may be r. */
void acf_batchnorm_join(real *out, const real *y, const real *scale, const real *shift,
                        const real *r, const real *r_scale, const real *r_shift, int N, int C,
                        size_t pixels);

#endif
