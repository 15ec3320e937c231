/*
 * Pooling and subsampling of blocked images (num/conv.h).
 */
#ifndef ACF_NUM_POOL2D_H
#define ACF_NUM_POOL2D_H

#include "num/conv.h"

/* features[n, c] = mean over all pixels of x [N, C / L, pixels, L]; features [N, C]. */
void acf_pool_global_forward(real *features, const real *x, int N, int C, size_t pixels);

/* d_x = d_features / pixels at every pixel. */
void acf_pool_global_backward(real *d_x, const real *d_features, int N, int C, size_t pixels);

/* A window of 3 x 3 with stride 2 and one row of padding, as torch.nn.MaxPool2d(3, 2, 1):
 * y[n, c, h, w] = max of x'[n, c, 2h - 1 .. 2h + 1, 2w - 1 .. 2w + 1], x' = relu(scale x + shift)
 * as `in` says; y [N, C / L, (H + 1) / 2, (W + 1) / 2, L]. */
void acf_pool_max_forward(real *y, acf_conv_input in, int N, int C, int H, int W);

/* d_x' = sum of d_y over the windows whose first maximum it is; y as the forward call gave it. */
void acf_pool_max_backward(real *d_x, const real *d_y, const real *y, acf_conv_input in, int N,
                           int C, int H, int W);

/*
 * The parameter-free shortcut of CIFAR ResNets (He et al. 2015, option A): every second pixel, and
 * channels of zeros before and behind.
 *
 *     y[n, c, h, w] = x[n, c - (Co - Ci) / 2, 2h, 2w], 0 where there is no such channel
 *
 * x [N, Ci / L, H, W, L], y [N, Co / L, (H + 1) / 2, (W + 1) / 2, L].
 */
void acf_subsample_forward(real *y, const real *x, int N, int Ci, int Co, int H, int W);

/* d_x = d_y taken back, 0 elsewhere. */
void acf_subsample_backward(real *d_x, const real *d_y, int N, int Ci, int Co, int H, int W);

#endif
