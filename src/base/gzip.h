/*
 * Gzip files (RFC 1952) unpacked whole through zlib: members one after another are one content, as
 * gunzip has it, and every member's length and checksum are verified.
 */
#ifndef ACF_BASE_GZIP_H
#define ACF_BASE_GZIP_H

#include "base/digest.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* What a file may unpack to: so many bytes, and so many times its own size above a free part.  Text
 * packs to a fifth or a tenth; deflate itself ends at 1032. */
#define ACF_GZIP_FREE  ((size_t)16 << 20)
#define ACF_GZIP_RATIO ((size_t)200)

/* Whether the name ends in ".gz", in capitals or not. */
bool acf_gzip_is_name(const char *path);

/*
 * The content of a gzip file and a final NUL that *len does not count; hex becomes the digest of
 * the file as it is on disk.  ACF_ERR_IO: cannot be read; ACF_ERR_FORMAT: no gzip data, cut short,
 * damaged, something after the last member, or a content over max_bytes or over the limits above
 * (that is found out while unpacking: memory is taken only as far as content has come out);
 * ACF_ERR_RESOURCE.  *data is the caller's (acf_free), NULL on failure.
 */
acf_status acf_gzip_read(char **data, size_t *len, char hex[ACF_DIGEST_HEX + 1], const char *path,
                         size_t max_bytes, acf_error *e) ACF_MUST_USE;

#endif
