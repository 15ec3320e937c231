/*
 * CIFAR's binary batches: records of one label byte (CIFAR-10) or two, coarse and fine (CIFAR-100),
 * and 3072 bytes of pixels: 32 x 32 of red, then of green, then of blue.
 */
#ifndef ACF_DATA_CIFAR_H
#define ACF_DATA_CIFAR_H

#include "base/digest.h"
#include "base/status.h"
#include "data/pixels.h"

enum { ACF_CIFAR_BATCHES = 5 };

typedef enum acf_cifar_label {
    ACF_CIFAR_10,
    ACF_CIFAR_100_FINE,
    ACF_CIFAR_100_COARSE
} acf_cifar_label;

/* All records of n_paths files (at most ACF_CIFAR_BATCHES), one after another: pixels, and the
 * chosen label of each.  Their bytes are added to `digest`.  ACF_ERR_IO, ACF_ERR_FORMAT (a size
 * that is no whole number of records), ACF_ERR_RESOURCE.  out->pixel and *label are the caller's
 * (acf_free), NULL on failure. */
acf_status acf_cifar_read(acf_pixels *out, uint8_t **label, char *const *paths, int n_paths,
                          acf_cifar_label which, acf_digest *digest, acf_error *e) ACF_MUST_USE;

/* Compare the names that a set brings (batches.meta.txt, fine_label_names.txt: one a line) with K
 * expected ones; no such file is fine.  ACF_ERR_FORMAT names both. */
acf_status acf_cifar_check_names(const char *path, const char *const *names, int K,
                                 acf_error *e) ACF_MUST_USE;

#endif
