/*
 * Convolutions over a batch of images, with the normalization and ReLU around them folded in.
 *
 * Layout.  Inside a network images are blocked: x [N, C / L, H, W, L] with L = ACF_LANES channels
 * innermost, so that a register holds the channels of one pixel and neighbouring pixels are
 * neighbours in memory.  C is rounded up to whole blocks; channels beyond C are 0 and stay 0.
 * Images enter planar, [N, C, H, W].
 *
 * A convolution reads each image into a padded copy in cache, and the register tiles of conv_tile.h
 * work on that.  What precedes it (normalization and ReLU; the gradient of the normalization after
 * it) is applied on the way in, what follows it (sums for the next normalization) on the way out:
 * activations cross the memory bus once.
 *
 * Images are cut into tasks by the sizes alone, weight gradients of tasks are added in the order of
 * tasks: the bits do not depend on the number of threads.
 */
#ifndef ACF_NUM_CONV_H
#define ACF_NUM_CONV_H

#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>

/* Square kernels with the same stride and zero padding both ways, no bias. */
typedef struct acf_conv_shape {
    int N;
    int Ci, H, W; /* of x */
    int Co;
    int k, stride, pad;
    bool planar; /* x is planar and has few channels: images; no gradient of x */
} acf_conv_shape;

/* Height or width of y: floor((size + 2 pad - k) / stride) + 1. */
int acf_conv_out(int size, int k, int stride, int pad);

/* Elements of a blocked [N, C / L, H, W, L] array. */
size_t acf_blocked_len(int N, int C, int H, int W);

/* Elements of an array over channels, whole blocks. */
size_t acf_blocked_channels(int C);

/* planar [N, C, H, W] from blocked and back; the latter zeroes channels beyond C. */
void acf_from_blocked(real *planar, const real *x, int N, int C, int H, int W);
void acf_to_blocked(real *x, const real *planar, int N, int C, int H, int W);

/* Where a convolution's input comes from: x itself, or with scale and shift (over channels, whole
 * blocks) x' = relu(scale x + shift). */
typedef struct acf_conv_input {
    const real *x;
    const real *scale, *shift; /* NULL: x */
} acf_conv_input;

/* Mean and sum of squared deviations from it, of one channel of one image. */
typedef struct acf_plane_stats {
    double mean, square;
} acf_plane_stats;

/* Bytes of scratch for the two calls below on this many threads, with s->N images or fewer. */
size_t acf_conv_forward_scratch(const acf_conv_shape *s, int n_threads);
size_t acf_conv_backward_scratch(const acf_conv_shape *s, int n_threads);

/*
 * y[n, co, h, w] = sum over ci, i, j of x'[n, ci, h stride + i - pad, w stride + j - pad]
 *                  w[co, ci, i, j]
 *
 * y blocked; w [Co, Ci, k, k] as torch.nn.Conv2d stores it; stats [N, channels] of y, channels of
 * whole blocks (NULL: not wanted).
 */
void acf_conv_forward(real *y, acf_plane_stats *stats, acf_conv_input in, const real *w,
                      const acf_conv_shape *s, void *scratch);

/* The gradient of y: d_y = a d_z + b y + c, coefficients over channels (the gradient of a batch
 * normalization: num/batchnorm.h); with b NULL d_y = a d_z, with a NULL too d_y = d_z. */
typedef struct acf_conv_d_output {
    const real *d_z, *y;
    const real *a, *b, *c;
} acf_conv_d_output;

/* Sums that the normalization below wants of a gradient. */
typedef struct acf_plane_sums {
    double sum; /* of d */
    double dot; /* of d (y - mean) */
} acf_plane_sums;

/* What becomes of the gradient of x'. */
typedef struct acf_conv_d_input {
    real *d_x;            /* blocked; NULL: not wanted */
    bool add;             /* added to what is there */
    bool mask;            /* 0 where x' <= 0: through the ReLU that made x' */
    const real *y, *mean; /* with sums: the input of the normalization below, its mean */
    acf_plane_sums *sums; /* [N, channels] over what is written; NULL: not wanted */
} acf_conv_d_input;

/*
 * d_w [Co, Ci, k, k] += gradient of the weight (NULL: not wanted);  d_x' to `to`.
 * Forward line: see acf_conv_forward.
 */
void acf_conv_backward(real *d_w, acf_conv_d_input to, acf_conv_d_output from, acf_conv_input in,
                       const real *w, const acf_conv_shape *s, void *scratch);

/* Masks and sums alone, for a gradient in to.d_x that no convolution made; d_x, x and y blocked
 * [N, C / L, H, W, L].  `to.add` is not looked at. */
void acf_conv_finish_batch(acf_conv_d_input to, acf_conv_input in, int N, int C, int H, int W);

#endif
