/* A directory whose directories are classes: DIR/CLASS/... holds the images of CLASS; or images
 * without a label, right inside. */
#ifndef ACF_DATA_IMAGE_FOLDER_H
#define ACF_DATA_IMAGE_FOLDER_H

#include "base/digest.h"
#include "base/status.h"
#include "data/pixels.h"

#include <stdbool.h>

/*
 * Rows "CLASS/.../FILE" and CLASS, numbered from 1: classes and files sorted by bytes, directories
 * inside a class followed down (8 deep).  A file counts by its extension: png, jpg, jpeg, bmp, or
 * that of another image format, which will be refused by name when it is decoded; others, and names
 * that begin with '.', are left aside.  *n_cols is 2, or 1 (no label) for a directory without
 * classes but with images, when label_optional.  The names are added to `digest`.  ACF_ERR_IO,
 * ACF_ERR_FORMAT: no class, a class without images, a name that is not UTF-8 or holds control
 * characters; ACF_ERR_RESOURCE.
 */
acf_status acf_image_folder_read(acf_image_rows *rows, int *n_cols, const char *dir,
                                 bool label_optional, acf_digest *digest,
                                 acf_error *e) ACF_MUST_USE;

#endif
