/*
 * Random changes to training images.  What happens to an image is a pure function of (seed, epoch,
 * index): neither threads nor batches nor what was drawn before have a part in it.
 *
 * In this order: a random cut of the area resized to the whole (torchvision's RandomResizedCrop),
 * padding with black and cutting out (RandomCrop with padding), mirroring, and a blank square
 * (DeVries and Taylor 2017, "Cutout"), which has the value 0 after normalization.
 */
#ifndef ACF_IMAGE_AUGMENT_H
#define ACF_IMAGE_AUGMENT_H

#include "base/status.h"
#include "image/image.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct acf_augment {
    int crop_pad;               /* pixels on each side; 0: off */
    double random_resized_crop; /* smallest share of the area, sides from 3:4 to 4:3; 0: off */
    bool hflip;                 /* half of the images */
    int cutout;                 /* side of the square; 0: off */
} acf_augment;

/* What is done to one image. */
typedef struct acf_change {
    acf_box cut; /* of the image, resized to the whole; width 0: not */
    int dx, dy;  /* pixel (x, y) comes from (x + dx, y + dy); outside is black */
    bool is_flipped;
    acf_box blank; /* width 0: none */
} acf_change;

/* Draw the change of image `index` (side `size`); ACF_STREAM_AUGMENT, step = epoch, 64 blocks of
 * random numbers for each index. */
void acf_augment_draw(acf_change *out, const acf_augment *opt, int size, uint64_t seed,
                      uint64_t epoch, uint64_t index);

/* out [channels, size, size] from a square image of this side; without the blank square, which is
 * for whoever normalizes.  ACF_ERR_RESOURCE. */
acf_status acf_augment_apply(uint8_t *out, const acf_image *in, const acf_change *change,
                             acf_error *e) ACF_MUST_USE;

#endif
