/* SHA-256 through nettle: of bytes and of files, as 64 lower-case hexadecimal digits. */
#ifndef ACF_BASE_DIGEST_H
#define ACF_BASE_DIGEST_H

#include "base/status.h"

#include <stddef.h>

#define ACF_DIGEST_HEX 64

void acf_digest_bytes(char hex[ACF_DIGEST_HEX + 1], const void *data, size_t len);

/* Fails as acf_map_file. */
acf_status acf_digest_file(char hex[ACF_DIGEST_HEX + 1], const char *path,
                           acf_error *e) ACF_MUST_USE;

#endif
