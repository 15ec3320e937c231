/*
 * A split of images as a source.
 *
 * Each image is brought to the encoder's size once and kept as levels of 0 to 255 when all fit in
 * `cache` bytes; else worker threads prepare them again each time, ahead of the step.  Augmentation
 * and normalization come after, when a batch is fetched; both ways give the same bytes, for any
 * number of threads.
 *
 * All images are decoded once when the source opens, whether they are kept or not: a file that
 * cannot be read is found before training begins, and the data's mean and standard deviation are
 * those of all rows.
 */
#ifndef ACF_DATA_IMAGE_SOURCE_H
#define ACF_DATA_IMAGE_SOURCE_H

#include "base/log.h"
#include "base/poll.h"
#include "base/status.h"
#include "data/dataset.h"
#include "data/image_prep.h"
#include "data/source.h"
#include "image/augment.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct acf_image_options {
    acf_image_prep prep; /* size known; mean and std may come later */
    acf_augment augment; /* of training batches */
    int64_t cache;       /* bytes */
    acf_on_bad on_bad;
    acf_poll poll;
    const acf_log *log;
} acf_image_options;

/*
 * Opens a split of images, which must outlive the source.  An image that cannot be read or decoded
 * fails with its path (ACF_ERR_DATA), or, when on_bad says skip, leaves the split, is counted and
 * listed in it and, the first few, named in the log.  ACF_STOPPED, ACF_ERR_RESOURCE.
 */
acf_status acf_image_source_open(acf_source **out, acf_split *split, const acf_image_options *opt,
                                 acf_error *e) ACF_MUST_USE;

/* Mean and standard deviation of all pixels of all rows, values from 0 to 1, by channel of
 * prep.channels. */
void acf_image_source_moments(double mean[3], double std[3], const acf_source *s);

/* Set what fetches normalize by; needed before the first when prep had no mean and std. */
void acf_image_source_scale(acf_source *s, const double mean[3], const double std[3]);

/* Bytes of images that s keeps. */
int64_t acf_image_source_cached(const acf_source *s);

#endif
