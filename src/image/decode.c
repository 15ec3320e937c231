#include "image/decode.h"

#include "base/assert.h"
#include "base/io.h"
#include "base/mem.h"
#include "image/budget.h"
#include "image/probe.h"

#define STBI_NO_STDIO
#include <stb/stb_image.h>

#define BUDGET_FREE  ((size_t)16 << 20)
#define BUDGET_PIXEL ((size_t)24)

/* Pixels side by side, n values each (grey, grey and alpha, RGB, RGBA), to planes. */
static void to_planes(const acf_image *out, const uint8_t *from, int n)
{
    size_t size = (size_t)out->height * (size_t)out->width;
    for (size_t i = 0; i < size; i++, from += n) {
        uint32_t red = from[0], green = n >= 3 ? from[1] : red, blue = n >= 3 ? from[2] : red;
        if (out->channels == 1) {
            out->pixel[i] = n >= 3 ? acf_image_grey(red, green, blue) : from[0];
        } else {
            out->pixel[i] = (uint8_t)red;
            out->pixel[size + i] = (uint8_t)green;
            out->pixel[2 * size + i] = (uint8_t)blue;
        }
    }
}

static acf_status undecodable(const acf_image_info *info, size_t failures, const char *name,
                              acf_error *e)
{
    const char *reason = stbi_failure_reason();
    if (acf_mem_failures() != failures && !acf_image_budget_is_spent())
        return acf_fail(e, ACF_ERR_RESOURCE, "%s: not enough memory to decode %d x %d pixels", name,
                        info->width, info->height);
    if (acf_image_budget_is_spent()) reason = "holds more data than its size allows";
    return acf_fail(e, ACF_ERR_FORMAT, "%s: damaged %s data: %s", name,
                    acf_image_format_name(info->format), reason != NULL ? reason : "unknown");
}

acf_status acf_image_decode(acf_image *out, const unsigned char *bytes, size_t len, int channels,
                            const char *name, acf_error *e)
{
    acf_image_info info;
    int width, height, n;
    ACF_ASSERT(channels == 1 || channels == 3);
    *out = (acf_image){0};
    if (len > ACF_IMAGE_MAX_BYTES)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: has %zu bytes, more than the %zu allowed", name,
                        len, ACF_IMAGE_MAX_BYTES);
    ACF_TRY(acf_image_probe(&info, bytes, len, name, e));

    size_t size = (size_t)info.width * (size_t)info.height, failures = acf_mem_failures();
    acf_image_budget_start(BUDGET_FREE + BUDGET_PIXEL * size);
    uint8_t *raw = stbi_load_from_memory(bytes, (int)len, &width, &height, &n, 0);
    if (raw == NULL) return undecodable(&info, failures, name, e);

    acf_status st = ACF_ERR_RESOURCE;
    if (width != info.width || height != info.height || n < 1 || n > 4) {
        st = acf_fail(e, ACF_ERR_FORMAT,
                      "%s: damaged %s data: %d x %d pixels, its header says %d x %d", name,
                      acf_image_format_name(info.format), width, height, info.width, info.height);
    } else {
        out->pixel = acf_alloc((size_t)channels * size, 1, name, e);
        if (out->pixel != NULL) {
            out->channels = channels;
            out->height = height;
            out->width = width;
            to_planes(out, raw, n);
            st = ACF_OK;
        }
    }
    stbi_image_free(raw);
    return st;
}

acf_status acf_image_read(acf_image *out, const char *path, int channels, acf_error *e)
{
    char *bytes;
    size_t len;
    *out = (acf_image){0};
    ACF_TRY(acf_read_file(&bytes, &len, path, ACF_IMAGE_MAX_BYTES, e));
    acf_status st = acf_image_decode(out, (const unsigned char *)bytes, len, channels, path, e);
    acf_free(bytes);
    return st;
}
