/*
 * One image on its way into a convolution and out of it: padded copies, normalization applied while
 * copying, sums for the next one.  Serial; for num/conv.c.
 */
#ifndef ACF_NUM_CONV_IMAGE_H
#define ACF_NUM_CONV_IMAGE_H

#include "num/conv.h"

/*
 * A padded copy of planes.  With a stride the columns of a row are dealt out: columns 0, stride,
 * 2 stride ... come first, then 1, stride + 1 ..., so that the pixels of one tap are neighbours.
 */
typedef struct acf_conv_pad {
    int unit;      /* elements of a pixel: ACF_LANES, or 1 when planar */
    int before;    /* rows and columns of zeros before the image */
    int stride;    /* how columns are dealt out */
    size_t width;  /* pixels of each part of a row */
    size_t row;    /* elements of a row: stride width unit */
    size_t plane;  /* elements of a plane */
    size_t planes; /* blocks of channels, or channels when planar */
} acf_conv_pad;

/* `rows` and `cols` of the image with its zeros around. */
acf_conv_pad acf_conv_pad_make(int unit, int planes, int before, int stride, int rows, int cols);

/* Element of (h, w) of the padded image in a plane. */
size_t acf_conv_pad_at(const acf_conv_pad *p, int h, int w);

/* The interior of `to` from an image of H x W; what is around is left alone. */
void acf_conv_load(real *to, const acf_conv_pad *p, acf_conv_input in, int H, int W);

/* The same for d_y. */
void acf_conv_load_gradient(real *to, const acf_conv_pad *p, acf_conv_d_output from, int H, int W);

/* stats of the channels of n_blocks planes y. */
void acf_conv_stats(acf_plane_stats *stats, const real *y, int n_blocks, int H, int W);

/* Mask d_x and sum it: one image of n_blocks planes; pointers of `to` and `in` at this image. */
void acf_conv_finish(acf_conv_d_input to, acf_conv_input in, int n_blocks, int H, int W);

#endif
