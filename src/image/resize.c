#include "image/resize.h"

#include "base/assert.h"
#include "base/mem.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { BITS = 22 }; /* of a weight after the point */

/* Weights of one direction: result i is the sum of weight[i * span + k] * in[first[i] + k]. */
typedef struct taps {
    int n, span;
    int32_t *first, *count, *weight;
} taps;

static void taps_free(taps *t)
{
    acf_free(t->first);
    acf_free(t->count);
    acf_free(t->weight);
}

static double weight_at(acf_resize_filter filter, double x)
{
    if (filter == ACF_BILINEAR) return x < 1 ? 1 - x : 0;
    const double a = -0.5;
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/* Results begin .. begin + n - 1 of resizing n_in values to n_out. */
static acf_status taps_make(taps *t, acf_resize_filter filter, int n_in, int n_out, int begin,
                            int n, acf_error *e)
{
    double scale = (double)n_in / n_out, unit = scale > 1 ? scale : 1;
    double reach = filter == ACF_BICUBIC ? 2 * unit : unit;
    *t = (taps){.n = n, .span = (int)ceil(reach) * 2 + 1};
    t->first = acf_alloc((size_t)n, sizeof *t->first, "resizing", e);
    t->count = acf_alloc((size_t)n, sizeof *t->count, "resizing", e);
    t->weight = acf_alloc((size_t)n * (size_t)t->span, sizeof *t->weight, "resizing", e);
    double *w = acf_alloc((size_t)t->span, sizeof *w, "resizing", e);
    if (t->first == NULL || t->count == NULL || t->weight == NULL || w == NULL) {
        acf_free(w);
        taps_free(t);
        return ACF_ERR_RESOURCE;
    }
    for (int i = 0; i < n; i++) {
        double centre = (begin + i + 0.5) * scale, sum = 0;
        int low = (int)(centre - reach + 0.5), high = (int)(centre + reach + 0.5);
        if (low < 0) low = 0;
        if (high > n_in) high = n_in;
        for (int k = 0; k < high - low; k++) {
            w[k] = weight_at(filter, fabs((k + low - centre + 0.5) / unit));
            sum += w[k];
        }
        for (int k = 0; k < high - low; k++) {
            double x = w[k] / sum * (1 << BITS);
            t->weight[i * t->span + k] = (int32_t)(x + copysign(0.5, x));
        }
        t->first[i] = low;
        t->count[i] = high - low;
    }
    acf_free(w);
    return ACF_OK;
}

static uint8_t to_level(int32_t sum)
{
    int32_t level = sum >> BITS;
    return (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

/* One row to t->n values. */
static void across(uint8_t *out, const uint8_t *in, const taps *t)
{
    for (int i = 0; i < t->n; i++) {
        const int32_t *w = t->weight + (size_t)i * (size_t)t->span;
        const uint8_t *from = in + t->first[i];
        int32_t sum = 1 << (BITS - 1);
        for (int k = 0; k < t->count[i]; k++)
            sum += w[k] * from[k];
        out[i] = to_level(sum);
    }
}

/* Rows of `width` values, the first of which is row `row0` of the input, to row i of the result. */
static void down(uint8_t *out, const uint8_t *in, int row0, int width, const taps *t, int i)
{
    const int32_t *w = t->weight + (size_t)i * (size_t)t->span;
    const uint8_t *from = in + (size_t)(t->first[i] - row0) * (size_t)width;
    for (int x = 0; x < width; x++) {
        int32_t sum = 1 << (BITS - 1);
        for (int k = 0; k < t->count[i]; k++)
            sum += w[k] * from[(size_t)k * (size_t)width + (size_t)x];
        out[x] = to_level(sum);
    }
}

acf_status acf_image_resize(uint8_t *out, const acf_image *in, const acf_resize *how, acf_error *e)
{
    const acf_box *from = &how->from, *window = &how->window;
    taps h, v;
    ACF_TRY(taps_make(&h, how->filter, from->width, how->width, window->left, window->width, e));
    acf_status st =
        taps_make(&v, how->filter, from->height, how->height, window->top, window->height, e);
    if (st != ACF_OK) {
        taps_free(&h);
        return st;
    }
    int last = window->height - 1, row0 = v.first[0];
    int rows = v.first[last] + v.count[last] - row0;
    size_t width = (size_t)window->width, stride = (size_t)in->width;
    uint8_t *middle = acf_alloc((size_t)rows * width, 1, "resizing", e);
    if (middle == NULL) st = ACF_ERR_RESOURCE;
    for (int c = 0; c < in->channels && st == ACF_OK; c++) {
        const uint8_t *plane =
            in->pixel + (size_t)c * (size_t)in->height * stride + (size_t)from->left;
        for (int y = 0; y < rows; y++)
            across(middle + (size_t)y * width, plane + (size_t)(from->top + row0 + y) * stride, &h);
        for (int y = 0; y < window->height; y++, out += width)
            down(out, middle, row0, window->width, &v, y);
    }
    acf_free(middle);
    taps_free(&h);
    taps_free(&v);
    return st;
}

/* (all - part) / 2, a half to the even side: Python's round. */
static int middle_of(int all, int part)
{
    int half = (all - part) / 2;
    return (all - part) % 2 != 0 && half % 2 != 0 ? half + 1 : half;
}

acf_status acf_image_frame(uint8_t *out, const acf_image *in, int edge, int size,
                           acf_resize_filter filter, acf_error *e)
{
    ACF_ASSERT(edge >= size && size > 0);
    bool is_tall = in->width <= in->height;
    int64_t shorter = is_tall ? in->width : in->height, longer = is_tall ? in->height : in->width;
    int far = (int)(edge * longer / shorter);
    acf_resize how = {.from = {0, 0, in->width, in->height},
                      .width = is_tall ? edge : far,
                      .height = is_tall ? far : edge,
                      .filter = filter};
    how.window = (acf_box){middle_of(how.width, size), middle_of(how.height, size), size, size};
    if (how.width != in->width || how.height != in->height)
        return acf_image_resize(out, in, &how, e);
    for (int c = 0; c < in->channels; c++)
        for (int y = 0; y < size; y++, out += size)
            memcpy(out,
                   in->pixel +
                       ((size_t)c * (size_t)in->height + (size_t)(how.window.top + y)) *
                           (size_t)in->width +
                       how.window.left,
                   (size_t)size);
    return ACF_OK;
}
