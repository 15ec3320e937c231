/*
 * How an image becomes an encoder's input: what is done alike in training, evaluation and
 * prediction, and is kept with the model.
 *
 * The shorter side is resized to `edge`, the middle of size x size is cut out (image/resize.h);
 * then x = (v / 255 - mean) / std for each channel.  A grey image becomes three equal channels
 * where the encoder takes three, colours become grey where it takes one.
 */
#ifndef ACF_DATA_IMAGE_PREP_H
#define ACF_DATA_IMAGE_PREP_H

#include "base/status.h"
#include "data/pixels.h"
#include "image/resize.h"
#include "num/real.h"

#include <stddef.h>
#include <stdint.h>

typedef struct acf_image_prep {
    int channels;           /* that the encoder takes: 1 or 3 */
    int size;               /* side of its input; 0: not known yet */
    int edge;               /* >= size */
    double mean[3], std[3]; /* [channels] of values from 0 to 1; std[0] = 0: not known yet */
    acf_resize_filter filter;
} acf_image_prep;

/* Values by level: x [c][v] as above. */
typedef struct acf_image_scale {
    real x[3][256];
} acf_image_scale;

void acf_image_scale_make(acf_image_scale *out, const acf_image_prep *prep);

/* out [channels, size, size] from uint8 [stored, size, size], where stored is 1 or prep->channels;
 * inside `blank` (width 0: none) the value is 0. */
void acf_image_normalize(real *out, const uint8_t *in, int stored, const acf_image_prep *prep,
                         const acf_image_scale *scale, const acf_box *blank);

/* out [stored, size, size]: the image resized and cut, as levels. */
acf_status acf_image_prepare(uint8_t *out, const acf_image *in, int stored,
                             const acf_image_prep *prep, acf_error *e) ACF_MUST_USE;

/* The same for a file: reads, decodes, prepares.  ACF_ERR_IO, ACF_ERR_FORMAT, ACF_ERR_RESOURCE. */
acf_status acf_image_prepare_file(uint8_t *out, const char *path, int stored,
                                  const acf_image_prep *prep, acf_error *e) ACF_MUST_USE;

#endif
