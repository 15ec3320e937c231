/* SHA-256 through nettle: of bytes, of files, of what comes piece by piece; as 64 lower-case
 * hexadecimal digits. */
#ifndef ACF_BASE_DIGEST_H
#define ACF_BASE_DIGEST_H

#include "base/status.h"

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>

#define ACF_DIGEST_HEX 64

typedef struct acf_digest {
    struct sha256_ctx ctx;
} acf_digest;

void acf_digest_init(acf_digest *d);
void acf_digest_add(acf_digest *d, const void *data, size_t len);

/* The digest of everything added; d starts again. */
void acf_digest_finish(acf_digest *d, char hex[ACF_DIGEST_HEX + 1]);

void acf_digest_bytes(char hex[ACF_DIGEST_HEX + 1], const void *data, size_t len);

/* Fails as acf_map_file. */
acf_status acf_digest_file(char hex[ACF_DIGEST_HEX + 1], const char *path,
                           acf_error *e) ACF_MUST_USE;

/* Whether text starts with 64 lower-case hexadecimal digits. */
bool acf_digest_is_hex(const char *text);

#endif
