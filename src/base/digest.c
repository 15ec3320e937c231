#include "base/digest.h"

#include "base/io.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

void acf_digest_init(acf_digest *d)
{
    sha256_init(&d->ctx);
}

void acf_digest_add(acf_digest *d, const void *data, size_t len)
{
    if (len > 0) sha256_update(&d->ctx, len, data);
}

void acf_digest_finish(acf_digest *d, char hex[ACF_DIGEST_HEX + 1])
{
    uint8_t sum[SHA256_DIGEST_SIZE];
    sha256_digest(&d->ctx, sizeof sum, sum);
    for (size_t i = 0; i < sizeof sum; i++) {
        hex[2 * i] = digits[sum[i] >> 4];
        hex[2 * i + 1] = digits[sum[i] & 15];
    }
    hex[ACF_DIGEST_HEX] = '\0';
}

void acf_digest_bytes(char hex[ACF_DIGEST_HEX + 1], const void *data, size_t len)
{
    acf_digest d;
    acf_digest_init(&d);
    acf_digest_add(&d, data, len);
    acf_digest_finish(&d, hex);
}

acf_status acf_digest_file(char hex[ACF_DIGEST_HEX + 1], const char *path, acf_error *e)
{
    const unsigned char *data;
    size_t len;
    ACF_TRY(acf_map_file(&data, &len, path, e));
    acf_digest_bytes(hex, data, len);
    acf_unmap_file(&data, &len);
    return ACF_OK;
}

bool acf_digest_is_hex(const char *text)
{
    return strspn(text, digits) >= ACF_DIGEST_HEX;
}
