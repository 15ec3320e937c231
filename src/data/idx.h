/*
 * IDX files, in which MNIST and Fashion-MNIST are published, plain or packed by gzip: two bytes of
 * 0, the type (8: unsigned bytes), the number of dimensions, each dimension in 4 bytes (highest
 * first), then the values.
 */
#ifndef ACF_DATA_IDX_H
#define ACF_DATA_IDX_H

#include "base/digest.h"
#include "base/status.h"
#include "data/pixels.h"

#include <stdbool.h>

/* Whether a file's name is that of IDX images: it holds "idx3" or "IDX3". */
bool acf_idx_is_name(const char *path);

/* Images of a file [n, height, width].  Its content is added to `digest`.  ACF_ERR_IO,
 * ACF_ERR_FORMAT (no IDX of three dimensions, a size that differs from what the header claims,
 * sides outside 1 .. 8192), ACF_ERR_RESOURCE.  out->pixel is the caller's, NULL on failure. */
acf_status acf_idx_images(acf_pixels *out, const char *path, acf_digest *digest,
                          acf_error *e) ACF_MUST_USE;

/* The labels [n] that belong to an images file: the file beside it whose name has labels-idx1 for
 * images-idx3, packed or not.  *label is the caller's (acf_free).  is_optional: NULL and ACF_OK
 * when there is no such file.  As above; also when the numbers of images and labels differ. */
acf_status acf_idx_labels(uint8_t **label, const char *images_path, int n, bool is_optional,
                          acf_digest *digest, acf_error *e) ACF_MUST_USE;

#endif
