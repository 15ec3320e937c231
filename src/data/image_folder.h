/* A directory whose directories are classes: DIR/CLASS/... holds the images of CLASS. */
#ifndef ACF_DATA_IMAGE_FOLDER_H
#define ACF_DATA_IMAGE_FOLDER_H

#include "base/digest.h"
#include "base/status.h"
#include "data/pixels.h"

#include <stdbool.h>

/* Whether DIR holds a directory that may be a class. */
bool acf_image_folder_is(const char *dir);

/*
 * Rows "CLASS/.../FILE" and CLASS, numbered from 1: classes and files sorted by bytes, directories
 * inside a class followed down (8 deep).  A file counts by its extension: png, jpg, jpeg, bmp, or
 * that of another image format, which will be refused by name when it is decoded; others, and names
 * that begin with '.', are left aside.  The names are added to `digest`.  ACF_ERR_IO,
 * ACF_ERR_FORMAT: no class, a class without images, a name that is not UTF-8 or holds control
 * characters; ACF_ERR_RESOURCE.
 */
acf_status acf_image_folder_read(acf_image_rows *rows, const char *dir, acf_digest *digest,
                                 acf_error *e) ACF_MUST_USE;

#endif
