/*
 * Resizing with antialiasing, to the bit as PIL up to version 12 does it for 8-bit images (to one
 * grey level torchvision with antialias=True, and PIL 13 where it takes the vertical pass first): a
 * filter whose support grows with the scale when shrinking, in two passes, the horizontal one
 * first, each with weights in units of 2^-22 and rounded to whole grey levels.
 */
#ifndef ACF_IMAGE_RESIZE_H
#define ACF_IMAGE_RESIZE_H

#include "base/status.h"
#include "image/image.h"

/* Weight at distance x, in pixels of the coarser of both images. */
typedef enum acf_resize_filter {
    ACF_BILINEAR, /* 1 - x up to 1 */
    ACF_BICUBIC   /* Keys 1981 with a = -0.5, up to 2 */
} acf_resize_filter;

typedef struct acf_resize {
    acf_box from;      /* of the input; what lies outside has no influence */
    int width, height; /* what `from` is resized to */
    acf_box window;    /* which part of the result is wanted */
    acf_resize_filter filter;
} acf_resize;

/* out [channels of in, window height, window width].  ACF_ERR_RESOURCE.  Memory: the window's width
 * times the rows of `from` that it needs. */
acf_status acf_image_resize(uint8_t *out, const acf_image *in, const acf_resize *how,
                            acf_error *e) ACF_MUST_USE;

/* out [channels of in, size, size]: the shorter side is resized to `edge` (the longer one to
 * edge * longer / shorter, rounded down), then the middle is cut out, as torchvision's Resize(edge)
 * and CenterCrop(size); edge >= size.  ACF_ERR_RESOURCE. */
acf_status acf_image_frame(uint8_t *out, const acf_image *in, int edge, int size,
                           acf_resize_filter filter, acf_error *e) ACF_MUST_USE;

#endif
