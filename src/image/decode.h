/*
 * PNG, JPEG and BMP files to pixels.
 *
 * As PIL's convert("RGB") has it: alpha is dropped, not blended; palettes are resolved; grey
 * becomes three equal channels; colours become grey by (19595 R + 38470 G + 7471 B + 32768) / 65536
 * (ITU-R BT.601).  Of 16 bits a sample the upper 8 are kept.  A JPEG's EXIF orientation is not
 * applied (torchvision's readers do not either), colour profiles and gamma are not.
 */
#ifndef ACF_IMAGE_DECODE_H
#define ACF_IMAGE_DECODE_H

#include "base/status.h"
#include "image/image.h"

#include <stddef.h>

#define ACF_IMAGE_MAX_BYTES ((size_t)256 << 20) /* of a file */

/* `channels` is 1 or 3; `name` stands for the file in messages.  ACF_ERR_FORMAT as acf_image_probe,
 * or damaged inside; ACF_ERR_RESOURCE.  Takes at most 16 MiB and 24 bytes a pixel while decoding.
 * out->pixel is the caller's (acf_free), NULL on failure. */
acf_status acf_image_decode(acf_image *out, const unsigned char *bytes, size_t len, int channels,
                            const char *name, acf_error *e) ACF_MUST_USE;

/* The same for a file; ACF_ERR_IO when it cannot be read. */
acf_status acf_image_read(acf_image *out, const char *path, int channels,
                          acf_error *e) ACF_MUST_USE;

#endif
