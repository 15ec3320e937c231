#include "data/image_source.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "data/image_source_internal.h"
#include "data/look_ahead.h"
#include "num/threads.h"

#include <math.h>
#include <string.h>

enum {
    PIECE_ROWS = 64, /* rows of a batch that wait together for workers */
    MAX_WORKERS = 8, /* threads that decode ahead */
    MAX_SLOTS = 512  /* images decoded ahead */
};

#define AHEAD_BYTES ((size_t)64 << 20)

static acf_status make_for_fetch(void *payload, uint8_t *out, int32_t row, acf_error *e)
{
    return acf_reclass(acf_image_item_make(payload, out, row, e), ACF_ERR_DATA, e);
}

static bool is_augmented(const acf_augment *a)
{
    return a->crop_pad > 0 || a->random_resized_crop > 0 || a->hflip || a->cutout > 0;
}

/* One row of the batch; scratch [item] for augmentation. */
static acf_status put_row(real *out, const acf_image_source *s, const uint8_t *item, int32_t row,
                          const acf_fetch *how, uint8_t *scratch, acf_error *e)
{
    acf_change change = {0};
    if (how->train && is_augmented(&s->augment)) {
        acf_image x = {s->stored, s->prep.size, s->prep.size, NULL};
        memcpy(scratch, item, s->item);
        x.pixel = scratch;
        acf_augment_draw(&change, &s->augment, s->prep.size, how->seed, how->epoch, (uint64_t)row);
        ACF_TRY(acf_augment_apply(scratch + s->item, &x, &change, e));
        item = scratch + s->item;
    }
    acf_image_normalize(out, item, s->stored, &s->prep, &s->scale, &change.blank);
    return ACF_OK;
}

/* Rows first .. end - 1 of a batch, whose levels are kept or lie in s->piece. */
static acf_status put_rows(acf_batch *out, const acf_image_source *s, const int32_t *rows,
                           int first, int end, const acf_fetch *how, acf_error *e)
{
    size_t values = (size_t)s->prep.channels * (size_t)s->prep.size * (size_t)s->prep.size;
    acf_status failed = ACF_OK;
#pragma omp parallel if (end - first > 1)
    {
        acf_error why;
        acf_status st = ACF_OK;
        uint8_t *scratch = acf_alloc(2 * s->item, 1, "augmentation", &why);
        if (scratch == NULL) st = ACF_ERR_RESOURCE;
#pragma omp for schedule(static)
        for (int i = first; i < end; i++) {
            const uint8_t *item = acf_image_item_kept(s, rows[i]);
            if (item == NULL) item = s->piece + (size_t)(i - first) * s->item;
            if (st == ACF_OK)
                st =
                    put_row(out->pixels + (size_t)i * values, s, item, rows[i], how, scratch, &why);
        }
        acf_free(scratch);
        if (st != ACF_OK) {
#pragma omp critical(acf_image_source)
            {
                failed = st;
                acf_error_give(e, &why);
            }
        }
    }
    return failed;
}

static acf_status image_fetch(acf_source *head, acf_batch *out, const int32_t *rows, int n,
                              const acf_fetch *how, acf_error *e)
{
    acf_image_source *s = (acf_image_source *)head;
    size_t side = (size_t)s->prep.size, channels = (size_t)s->prep.channels;
    ACF_ASSERT(s->prep.std[0] > 0);
    ACF_TRY(acf_batch_reserve(out, (size_t)n, 0, (size_t)n * channels * side * side, e));
    if (s->ahead == NULL) {
        ACF_TRY(put_rows(out, s, rows, 0, n, how, e));
    } else {
        for (int first = 0; first < n; first += PIECE_ROWS) {
            int end = n - first < PIECE_ROWS ? n : first + PIECE_ROWS;
            for (int i = first; i < end; i++)
                ACF_TRY(acf_look_ahead_take(s->ahead, s->piece + (size_t)(i - first) * s->item,
                                            rows[i], e));
            ACF_TRY(put_rows(out, s, rows, first, end, how, e));
        }
    }
    out->L = 1;
    out->square = (size_t)n;
    out->input = (acf_input){.N = n,
                             .T = n,
                             .pixels = out->pixels,
                             .channels = s->prep.channels,
                             .height = s->prep.size,
                             .width = s->prep.size};
    return ACF_OK;
}

static acf_status image_announce(acf_source *head, const int32_t *rows, int n, acf_error *e)
{
    acf_image_source *s = (acf_image_source *)head;
    int32_t *own = NULL;
    if (s->ahead == NULL) return ACF_OK;
    if (rows == NULL) {
        own = acf_alloc((size_t)n, sizeof *own, "order", e);
        if (own == NULL) return ACF_ERR_RESOURCE;
        for (int i = 0; i < n; i++)
            own[i] = i;
    }
    acf_status st = acf_look_ahead_order(s->ahead, rows != NULL ? rows : own, n, e);
    acf_free(own);
    return st;
}

static void image_close(acf_source *head)
{
    acf_image_source *s = (acf_image_source *)head;
    acf_look_ahead_close(&s->ahead);
    acf_free(s->cache);
    acf_free(s->piece);
    acf_free(s);
}

static const acf_source_ops image_ops = {
    .fetch = image_fetch, .close = image_close, .announce = image_announce};

/* Where prepared images will be: the array itself, the cache, or nowhere. */
static acf_status plan_memory(acf_image_source *s, int64_t limit, acf_error *e)
{
    const acf_pixels *p = s->split->pixels;
    size_t all;
    if (p != NULL && p->channels == s->stored && p->height == s->prep.size &&
        p->width == s->prep.size && s->prep.edge == s->prep.size) {
        s->array = p->pixel;
        return ACF_OK;
    }
    if (!acf_size_mul(&all, s->item, (size_t)s->head.n) || (uint64_t)all > (uint64_t)limit)
        return ACF_OK;
    s->cache = acf_alloc(all, 1, "decoded images", e);
    return s->cache != NULL ? ACF_OK : ACF_ERR_RESOURCE;
}

static acf_status start_ahead(acf_image_source *s, acf_error *e)
{
    if (s->array != NULL || s->cache != NULL) return ACF_OK;
    size_t slots = AHEAD_BYTES / s->item;
    int workers = acf_threads_get() < MAX_WORKERS ? acf_threads_get() : MAX_WORKERS;
    if (slots < 2 * MAX_WORKERS) slots = 2 * MAX_WORKERS;
    if (slots > MAX_SLOTS) slots = MAX_SLOTS;
    s->piece = acf_alloc(PIECE_ROWS, s->item, "decoded images", e);
    if (s->piece == NULL) return ACF_ERR_RESOURCE;
    return acf_look_ahead_open(&s->ahead, s->item, (int)slots, workers, make_for_fetch, s, e);
}

acf_status acf_image_source_open(acf_source **out, acf_split *split, const acf_image_options *opt,
                                 acf_error *e)
{
    double began = acf_clock_s();
    *out = NULL;
    ACF_ASSERT(split->is_image && opt->prep.size > 0);
    if (split->n == 0)
        return acf_fail(e, ACF_ERR_DATA, "%s: has no images",
                        split->path != NULL ? split->path : split->name);
    acf_image_source *s = acf_alloc(1, sizeof *s, "image source", e);
    if (s == NULL) return ACF_ERR_RESOURCE;
    s->head = (acf_source){
        .ops = &image_ops, .n = split->n, .label = split->label, .mean_tokens = 1, .max_tokens = 1};
    s->split = split;
    s->prep = opt->prep;
    s->augment = opt->augment;
    bool is_grey = split->pixels != NULL && split->pixels->channels == 1;
    s->stored = opt->prep.channels == 1 || is_grey ? 1 : 3;
    s->item = (size_t)s->stored * (size_t)opt->prep.size * (size_t)opt->prep.size;
    acf_status st = plan_memory(s, opt->cache, e);
    if (st == ACF_OK) st = acf_image_read_all(s, split, opt, e);
    if (st == ACF_OK) st = start_ahead(s, e);
    if (st != ACF_OK) {
        image_close(&s->head);
        return st;
    }
    if (s->prep.std[0] > 0) acf_image_scale_make(&s->scale, &s->prep);
    acf_log_info(opt->log, "%s: %d images read in %.1f s, %s", split->name, split->n,
                 acf_clock_s() - began,
                 s->ahead == NULL ? "kept in memory"
                                  : "more than data.cache: read again each time, ahead of use");
    *out = &s->head;
    return ACF_OK;
}

void acf_image_source_moments(double mean[3], double std[3], const acf_source *head)
{
    const acf_image_source *s = (const acf_image_source *)head;
    size_t plane = s->item / (size_t)s->stored;
    double n = (double)s->head.n * (double)plane * 255.0;
    for (int c = 0; c < 3; c++) {
        int from = s->stored == 1 ? 0 : c;
        mean[c] = (double)s->sum[from] / n;
        double square = (double)s->square[from] / (n * 255.0) - mean[c] * mean[c];
        std[c] = square > 1e-12 ? sqrt(square) : 1; /* one level everywhere: nothing to scale */
    }
}

void acf_image_source_scale(acf_source *head, const double mean[3], const double std[3])
{
    acf_image_source *s = (acf_image_source *)head;
    for (int c = 0; c < 3; c++) {
        s->prep.mean[c] = mean[c];
        s->prep.std[c] = std[c];
    }
    acf_image_scale_make(&s->scale, &s->prep);
}

int64_t acf_image_source_cached(const acf_source *head)
{
    const acf_image_source *s = (const acf_image_source *)head;
    return s->cache == NULL ? 0 : (int64_t)s->item * s->head.n;
}
