#include "data/image_prep.h"

#include "base/mem.h"
#include "image/decode.h"

#include <string.h>

void acf_image_scale_make(acf_image_scale *out, const acf_image_prep *prep)
{
    for (int c = 0; c < prep->channels; c++)
        for (int v = 0; v < 256; v++)
            out->x[c][v] = (real)((v / 255.0 - prep->mean[c]) / prep->std[c]);
}

void acf_image_normalize(real *out, const uint8_t *in, int stored, const acf_image_prep *prep,
                         const acf_image_scale *scale, const acf_box *blank)
{
    size_t side = (size_t)prep->size, plane = side * side;
    for (int c = 0; c < prep->channels; c++, out += plane) {
        const uint8_t *from = stored == 1 ? in : in + (size_t)c * plane;
        const real *x = scale->x[c];
        for (size_t i = 0; i < plane; i++)
            out[i] = x[from[i]];
        for (int y = 0; blank->width > 0 && y < blank->height; y++)
            memset(out + (size_t)(blank->top + y) * side + (size_t)blank->left, 0,
                   (size_t)blank->width * sizeof *out); /* bits of 0 are the number 0 */
    }
}

/* Red, green and blue planes as one of grey. */
static acf_status make_grey(acf_image *out, const acf_image *in, acf_error *e)
{
    size_t n = (size_t)in->height * (size_t)in->width;
    *out = (acf_image){1, in->height, in->width, acf_alloc(n, 1, "grey image", e)};
    if (out->pixel == NULL) return ACF_ERR_RESOURCE;
    for (size_t i = 0; i < n; i++)
        out->pixel[i] = acf_image_grey(in->pixel[i], in->pixel[n + i], in->pixel[2 * n + i]);
    return ACF_OK;
}

acf_status acf_image_prepare(uint8_t *out, const acf_image *in, int stored,
                             const acf_image_prep *prep, acf_error *e)
{
    if (in->channels == stored)
        return acf_image_frame(out, in, prep->edge, prep->size, prep->filter, e);
    acf_image grey;
    ACF_TRY(make_grey(&grey, in, e));
    acf_status st = acf_image_frame(out, &grey, prep->edge, prep->size, prep->filter, e);
    acf_free(grey.pixel);
    return st;
}

acf_status acf_image_prepare_file(uint8_t *out, const char *path, int stored,
                                  const acf_image_prep *prep, acf_error *e)
{
    acf_image x;
    ACF_TRY(acf_image_read(&x, path, stored, e));
    acf_status st = acf_image_frame(out, &x, prep->edge, prep->size, prep->filter, e);
    acf_free(x.pixel);
    return st;
}
