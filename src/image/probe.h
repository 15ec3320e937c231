/*
 * What an image file is, before anything is decoded: its format by its first bytes, its size, and
 * whether it is whole.
 *
 * The decoder behind this trusts its input: it fills the missing part of a cut JPEG or BMP with
 * grey or black, ignores the checksums of a PNG, and writes past the end of its own tables for a
 * JPEG with too large ones.  So the structure is walked here: chunks and their CRCs (PNG, ISO
 * 15948), segments up to the end marker and Huffman tables (JPEG, ITU T.81), header against length
 * (BMP).  What is promised in width and height must be possible for the bytes that are there.
 */
#ifndef ACF_IMAGE_PROBE_H
#define ACF_IMAGE_PROBE_H

#include "base/status.h"

#include <stddef.h>

enum { ACF_IMAGE_MAX_SIDE = 8192 }; /* pixels; stb_image is compiled with the same limit */

typedef enum acf_image_format { ACF_IMAGE_PNG, ACF_IMAGE_JPEG, ACF_IMAGE_BMP } acf_image_format;

typedef struct acf_image_info {
    acf_image_format format;
    int width, height;
} acf_image_info;

/* "PNG", "JPEG", "BMP" */
const char *acf_image_format_name(acf_image_format format);

/* `name` stands for the file in messages.  ACF_ERR_FORMAT: empty, another format (GIF, WebP, TIFF
 * and others are named), a side of 0 or above ACF_IMAGE_MAX_SIDE, cut short, too few bytes
 * for its pixels, a wrong checksum, oversized tables, or a variant that is not read (BMP with run
 * lengths, JPEG with arithmetic coding). */
acf_status acf_image_probe(acf_image_info *out, const unsigned char *bytes, size_t len,
                           const char *name, acf_error *e) ACF_MUST_USE;

#endif
