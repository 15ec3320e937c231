/*
 * A file written as a stream: buffered, its SHA-256 taken on the way, on the disk when closed.
 * Devices and pipes are written as they are: neither synced nor ever removed.
 *
 * All failures are ACF_ERR_RESOURCE and name the path; after one the writer only waits for
 * acf_writer_close, which removes the part that was written.
 */
#ifndef ACF_BASE_WRITER_H
#define ACF_BASE_WRITER_H

#include "base/digest.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct acf_writer acf_writer;

/* Create the file, or empty it when it is there.  *out is NULL on failure. */
acf_status acf_writer_open(acf_writer **out, const char *path, acf_error *e) ACF_MUST_USE;

acf_status acf_writer_put(acf_writer *w, const void *data, size_t len, acf_error *e) ACF_MUST_USE;

/* Write out, fsync, close, set *w to NULL.  hex (may be NULL) becomes the digest of all bytes.
 * When `st` is not ACF_OK (what came before has failed) or closing fails, the file is removed; the
 * first failure is returned.  *w may be NULL. */
acf_status acf_writer_close(acf_writer **w, acf_status st, char hex[ACF_DIGEST_HEX + 1],
                            acf_error *e) ACF_MUST_USE;

#endif
