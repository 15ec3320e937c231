/*
 * PNG, JPEG and BMP files.  The first byte: r as it is, f a PNG whose checksums are put right first
 * (which no mutation gets past), m in three channels and then resized.
 */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "base/mem.h"
#include "image/decode.h"
#include "image/resize.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static uint32_t big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void mend(uint8_t *png, size_t len)
{
    for (size_t at = 8; at < len && len - at >= 12;) {
        size_t n = big32(png + at);
        if (n > len - at - 12) return;
        uint32_t crc = (uint32_t)crc32_z(0, png + at + 4, n + 4);
        for (int k = 0; k < 4; k++)
            png[at + 8 + n + (size_t)k] = (uint8_t)(crc >> (24 - 8 * k));
        at += n + 12;
    }
}

static void decode(const uint8_t *bytes, size_t len, int channels, bool resized)
{
    acf_image x;
    acf_error e;
    uint8_t frame[3 * 12 * 12];
    if (acf_image_decode(&x, bytes, len, channels, "image", &e) != ACF_OK) {
        ACF_ASSERT(x.pixel == NULL);
        return;
    }
    ACF_ASSERT(x.channels == channels && x.width > 0 && x.height > 0);
    if (resized) (void)(acf_image_frame(frame, &x, 16, 12, ACF_BICUBIC, &e) == ACF_OK);
    acf_free(x.pixel);
}

void fuzz_one(fuzz_bytes in)
{
    int kind = fuzz_byte(&in);
    if (kind == 'r') decode(in.at, in.len, 1, false);
    if (kind == 'm') decode(in.at, in.len, 3, true);
    if (kind != 'f' || in.len == 0) return;
    uint8_t *copy = malloc(in.len);
    ACF_ASSERT(copy != NULL);
    memcpy(copy, in.at, in.len);
    mend(copy, in.len);
    decode(copy, in.len, 3, false);
    free(copy);
}
