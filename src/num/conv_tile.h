/*
 * The register tiles of convolutions: everything that multiplies.  Serial; for num/conv.c.
 *
 * A convolution is cut into runs over one padded input, small enough to stay in cache.  Channels
 * come in blocks of ACF_LANES, a register each; an output tile of up to 16 registers is summed over
 * channels and taps while input values are broadcast.  "Thin" inputs (images: one or three
 * channels) have one plane a channel instead of blocks, and each (channel, tap) is a tap of its
 * own.
 */
#ifndef ACF_NUM_CONV_TILE_H
#define ACF_NUM_CONV_TILE_H

#include "num/lanes.h"

#include <stdbool.h>

/*
 * y[h, w, co] (+)= sum over b, t, j of x[b x_block + tap[t] + h x_row + w X + j] w[b, t, j, co]
 *
 * with X = J = ACF_LANES, or 1 when thin; co over `vectors` (1 or 2) blocks of channels.
 */
typedef struct acf_conv_run {
    const real *x;
    size_t x_row, x_block;
    const ptrdiff_t *tap; /* [n_taps] */
    int n_blocks, n_taps;
    const real *w; /* [n_blocks, n_taps, J, vectors ACF_LANES] */
    real *y;
    size_t y_row, y_pixel, y_block; /* strides of h, w and a block of co */
    int rows, cols, vectors;
    bool add, thin;
} acf_conv_run;

void acf_conv_run_output(const acf_conv_run *r);

/*
 * d_w[r, co] (+)= sum over n, h, w of x[n x_image + row[r] + h x_row + w X] d_y[n, h, w, co]
 *
 * for `n_rows` rows of the weight; row[r] = r unless thin.
 */
typedef struct acf_conv_weight_run {
    const real *x;
    size_t x_image, x_row;
    const ptrdiff_t *row; /* [n_rows] when thin */
    int n_rows;
    const real *d_y;
    size_t d_y_image, d_y_row, d_y_block; /* its pixels are ACF_LANES apart */
    int n_images, rows, cols, vectors;
    real *d_w;        /* rows ACF_LANES apart */
    size_t d_w_block; /* stride of a block of co */
    bool add, thin;
} acf_conv_weight_run;

void acf_conv_run_weight(const acf_conv_weight_run *r);

/* Blocks of output channels that a run should have when there are two or more: 2 where there are
 * 32 vector registers of full width. */
int acf_conv_vectors(void);

#endif
