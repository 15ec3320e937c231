#include "base/digest.h"

#include "base/io.h"

#include <nettle/sha2.h>
#include <stdint.h>

void acf_digest_bytes(char hex[ACF_DIGEST_HEX + 1], const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    struct sha256_ctx ctx;
    uint8_t sum[SHA256_DIGEST_SIZE];
    sha256_init(&ctx);
    if (len > 0) sha256_update(&ctx, len, data);
    sha256_digest(&ctx, sizeof sum, sum);
    for (size_t i = 0; i < sizeof sum; i++) {
        hex[2 * i] = digits[sum[i] >> 4];
        hex[2 * i + 1] = digits[sum[i] & 15];
    }
    hex[ACF_DIGEST_HEX] = '\0';
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
