#include "image/augment.h"

#include "base/mem.h"
#include "base/rng.h"
#include "image/resize.h"

#include <math.h>
#include <string.h>

/* Blocks of random numbers of one image.  Part of the saved runs' meaning: append only. */
enum { SHIFT_Y, SHIFT_X, FLIP, BLANK_Y, BLANK_X, CUT = 8, CUT_DRAWS = 4, TRIES = 10, BLOCKS = 64 };

static int round_even(double x)
{
    return (int)nearbyint(x);
}

/* The first of ten proposals that lies inside; else the whole. */
static acf_box draw_cut(double least, int size, acf_rng rng, uint64_t block)
{
    const double low = log(3.0 / 4.0), high = log(4.0 / 3.0);
    for (int i = 0; i < TRIES; i++, block += CUT_DRAWS) {
        double area = (double)size * size * (least + (1 - least) * acf_rng_uniform(rng, block));
        double ratio = exp(low + (high - low) * acf_rng_uniform(rng, block + 1));
        int width = round_even(sqrt(area * ratio)), height = round_even(sqrt(area / ratio));
        if (width < 1 || height < 1 || width > size || height > size) continue;
        return (acf_box){
            .left = (int)acf_rng_below(rng, block + 2, (uint64_t)size - (uint64_t)width + 1),
            .top = (int)acf_rng_below(rng, block + 3, (uint64_t)size - (uint64_t)height + 1),
            .width = width,
            .height = height};
    }
    return (acf_box){0, 0, size, size};
}

/* A square with its centre anywhere, cut at the image's edges. */
static acf_box draw_blank(int side, int size, acf_rng rng, uint64_t block)
{
    int x = (int)acf_rng_below(rng, block + BLANK_X, (uint64_t)size) - side / 2;
    int y = (int)acf_rng_below(rng, block + BLANK_Y, (uint64_t)size) - side / 2;
    int right = x + side < size ? x + side : size, bottom = y + side < size ? y + side : size;
    if (x < 0) x = 0;
    if (y < 0) y = 0;
    return (acf_box){x, y, right - x, bottom - y};
}

void acf_augment_draw(acf_change *out, const acf_augment *opt, int size, uint64_t seed,
                      uint64_t epoch, uint64_t index)
{
    const acf_rng rng = {.seed = seed, .stream = ACF_STREAM_AUGMENT, .step = epoch};
    uint64_t block = index * BLOCKS;
    *out = (acf_change){0};
    if (opt->random_resized_crop > 0)
        out->cut = draw_cut(opt->random_resized_crop, size, rng, block + CUT);
    if (opt->crop_pad > 0) {
        uint64_t places = 2 * (uint64_t)opt->crop_pad + 1;
        out->dy = (int)acf_rng_below(rng, block + SHIFT_Y, places) - opt->crop_pad;
        out->dx = (int)acf_rng_below(rng, block + SHIFT_X, places) - opt->crop_pad;
    }
    if (opt->hflip) out->is_flipped = acf_rng_below(rng, block + FLIP, 2) == 1;
    if (opt->cutout > 0) out->blank = draw_blank(opt->cutout, size, rng, block);
}

/* One row shifted to the left by dx, black where nothing is, then mirrored. */
static void shift_row(uint8_t *out, const uint8_t *in, int size, int dx, bool is_flipped)
{
    int first = dx < 0 ? -dx : 0, end = dx > 0 ? size - dx : size;
    memset(out, 0, (size_t)size);
    if (first >= end) return;
    memcpy(out + first, in + first + dx, (size_t)(end - first));
    for (int x = 0; is_flipped && x < size / 2; x++) {
        uint8_t held = out[x];
        out[x] = out[size - 1 - x];
        out[size - 1 - x] = held;
    }
}

acf_status acf_augment_apply(uint8_t *out, const acf_image *in, const acf_change *change,
                             acf_error *e)
{
    int size = in->width;
    size_t row = (size_t)size;
    acf_image whole = *in;
    uint8_t *resized = NULL;
    bool is_cut = change->cut.width > 0 && (change->cut.width < size || change->cut.height < size);
    if (is_cut) {
        const acf_resize how = {change->cut, size, size, {0, 0, size, size}, ACF_BILINEAR};
        resized = acf_alloc(acf_image_values(in), 1, "augmentation", e);
        if (resized == NULL) return ACF_ERR_RESOURCE;
        acf_status st = acf_image_resize(resized, in, &how, e);
        if (st != ACF_OK) {
            acf_free(resized);
            return st;
        }
        whole.pixel = resized;
    }
    for (int c = 0; c < in->channels; c++)
        for (int y = 0; y < size; y++, out += row) {
            int from = y + change->dy;
            if (from < 0 || from >= size)
                memset(out, 0, row);
            else
                shift_row(out, whole.pixel + ((size_t)c * row + (size_t)from) * row, size,
                          change->dx, change->is_flipped);
        }
    acf_free(resized);
    return ACF_OK;
}
