/* All images of a source read once: levels, sums over them, and which cannot be read. */
#include "base/assert.h"
#include "base/mem.h"
#include "base/path.h"
#include "data/image_source_internal.h"

#include <omp.h>
#include <stdatomic.h>
#include <string.h>

enum {
    BLOCK_ROWS = 64, /* rows that one task prepares */
    NAMED = 5        /* bad images named in the log */
};

/* Shared by the threads. */
typedef struct image_job {
    acf_image_source *s;
    const acf_image_options *opt;
    bool *bad; /* [n] */
    int n_blocks;
    atomic_int last; /* blocks above it are left out: one failed, or -1: stopped */
    bool is_stopped;
    acf_error error; /* not of an image: memory */
} image_job;

acf_status acf_image_item_make(void *payload, uint8_t *out, int32_t row, acf_error *e)
{
    const acf_image_source *s = payload;
    const acf_split *split = s->split;
    if (split->pixels != NULL) {
        const acf_image x = acf_pixels_image(split->pixels, (size_t)split->line[row] - 1);
        return acf_image_prepare(out, &x, s->stored, &s->prep, e);
    }
    char *path = acf_path_join(split->base, split->text[row], e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_image_prepare_file(out, path, s->stored, &s->prep, e);
    acf_free(path);
    return st;
}

static void add_moments(uint64_t sum[3], uint64_t square[3], const uint8_t *item, int channels,
                        size_t plane)
{
    for (int c = 0; c < channels; c++, item += plane) {
        uint64_t s = 0, q = 0;
        for (size_t i = 0; i < plane; i++) {
            s += item[i];
            q += (uint64_t)item[i] * item[i];
        }
        sum[c] += s;
        square[c] += q;
    }
}

/* Block b failed: those above it are not wanted any more. */
static void end_at(image_job *job, int b)
{
    int last = atomic_load(&job->last);
    while (b < last && !atomic_compare_exchange_weak(&job->last, &last, b))
        ;
}

/* Rows of one block into the cache or, without one, into scratch [item]. */
static acf_status read_block(image_job *job, int b, uint8_t *scratch, uint64_t sum[3],
                             uint64_t square[3], acf_error *e)
{
    acf_image_source *s = job->s;
    int first = b * BLOCK_ROWS;
    int end = s->head.n - first < BLOCK_ROWS ? s->head.n : first + BLOCK_ROWS;
    for (int row = first; row < end; row++) {
        const uint8_t *item = s->array != NULL ? acf_image_item_kept(s, row) : NULL;
        if (item == NULL) {
            uint8_t *to = s->cache != NULL ? s->cache + (size_t)row * s->item : scratch;
            ACF_ASSERT(to != NULL);
            acf_status st = acf_image_item_make(s, to, row, e);
            item = to;
            job->bad[row] = st == ACF_ERR_IO || st == ACF_ERR_FORMAT;
            if (st != ACF_OK && !job->bad[row]) return st;
            if (job->bad[row] && job->opt->on_bad == ACF_BAD_ERROR) end_at(job, b);
        }
        if (!job->bad[row]) add_moments(sum, square, item, s->stored, s->item / (size_t)s->stored);
    }
    return ACF_OK;
}

/* All blocks, on the threads there are.  Blocks are fixed by row number and sums are whole numbers,
 * so which thread took which does not show.  After a failure all lower blocks are finished still:
 * the first bad image in order is told. */
static void read_blocks(image_job *job)
{
    acf_image_source *s = job->s;
#pragma omp parallel
    {
        uint64_t sum[3] = {0}, square[3] = {0};
        acf_error e;
        acf_status st = ACF_OK;
        uint8_t *scratch = NULL;
        if (s->array == NULL && s->cache == NULL) {
            scratch = acf_alloc(s->item, 1, "decoded image", &e);
            if (scratch == NULL) st = ACF_ERR_RESOURCE;
        }
#pragma omp for schedule(dynamic, 1)
        for (int b = 0; b < job->n_blocks; b++) {
            if (b > atomic_load(&job->last)) continue; /* one below may yet fail */
            if (omp_get_thread_num() == 0 && acf_poll_stops(job->opt->poll)) {
                job->is_stopped = true;
                end_at(job, -1);
                continue;
            }
            if (st == ACF_OK) st = read_block(job, b, scratch, sum, square, &e);
            if (st != ACF_OK) end_at(job, b);
        }
#pragma omp critical(acf_image_read)
        {
            if (st != ACF_OK) job->error = e;
            for (int c = 0; c < 3; c++) {
                s->sum[c] += sum[c];
                s->square[c] += square[c];
            }
        }
        acf_free(scratch);
    }
}

/* What is wrong with the image of a row: *why. */
static acf_status look_again(acf_error *why, acf_image_source *s, int row, acf_error *e)
{
    uint8_t *scratch = acf_alloc(s->item, 1, "decoded image", e);
    if (scratch == NULL) return ACF_ERR_RESOURCE;
    if (acf_image_item_make(s, scratch, row, why) == ACF_OK)
        (void)acf_fail(why, ACF_ERR_IO, "%s: changed while it was read", s->split->text[row]);
    acf_free(scratch);
    return ACF_OK;
}

/* A line of bad_lines.tsv: file, line, reason. */
static acf_status list_bad(acf_split *split, int row, const acf_error *why, acf_error *e)
{
    ACF_TRY(acf_str_put_cell(&split->bad_images, split->path, e));
    ACF_TRY(acf_str_printf(&split->bad_images, e, "\t%d\t", (int)split->line[row]));
    ACF_TRY(acf_str_put_cell(&split->bad_images, why->text, e));
    return acf_str_puts(&split->bad_images, "\n", e);
}

static acf_status stopped(const acf_split *split, acf_error *e)
{
    return acf_fail(e, ACF_STOPPED, "%s: stopped while reading images", split->path);
}

/* The bad images, told one after another in order: stop at the first, or list them, name some and
 * leave all out. */
static acf_status tell_bad(image_job *job, acf_split *split, acf_error *e)
{
    acf_image_source *s = job->s;
    int n_bad = 0, n = 0;
    for (int row = 0; row < s->head.n; row++) {
        if (!job->bad[row]) {
            if (s->cache != NULL && n != row)
                memmove(s->cache + (size_t)n * s->item, s->cache + (size_t)row * s->item, s->item);
            n++;
            continue;
        }
        if (++n_bad > ACF_BAD_LISTED) continue;
        acf_error why = {0};
        if (acf_poll_stops(job->opt->poll)) return stopped(split, e);
        ACF_TRY(look_again(&why, s, row, e));
        if (job->opt->on_bad == ACF_BAD_ERROR)
            return acf_fail(e, ACF_ERR_DATA,
                            "%s (%s row %d; data.on_bad_line: skip leaves such images out)",
                            why.text, split->name, (int)split->line[row]);
        ACF_TRY(list_bad(split, row, &why, e));
        if (n_bad <= NAMED) acf_log_warn(job->opt->log, "skipped: %s", why.text);
    }
    if (n_bad == 0) return ACF_OK;
    if (n_bad > NAMED) acf_log_warn(job->opt->log, "skipped: %d images more", n_bad - NAMED);
    bool was_drawn = split->is_drawn;
    acf_split_keep(split, job->bad, false);
    split->is_drawn = was_drawn;
    split->n_file -= n_bad;
    split->n_bad_images = n_bad;
    s->head.n = split->n;
    if (split->n > 0) return ACF_OK;
    return acf_fail(e, ACF_ERR_DATA, "%s: none of the %d images can be read (see the warnings)",
                    split->path, n_bad);
}

acf_status acf_image_read_all(acf_image_source *s, acf_split *split, const acf_image_options *opt,
                              acf_error *e)
{
    image_job job = {.s = s, .opt = opt};
    job.n_blocks = split->n / BLOCK_ROWS + (split->n % BLOCK_ROWS != 0);
    atomic_init(&job.last, job.n_blocks);
    job.bad = acf_alloc((size_t)split->n, sizeof *job.bad, "bad images", e);
    if (job.bad == NULL) return ACF_ERR_RESOURCE;
    read_blocks(&job);
    acf_status st = ACF_OK;
    if (job.error.status != ACF_OK)
        st = acf_error_give(e, &job.error);
    else if (job.is_stopped)
        st = stopped(split, e);
    else
        st = tell_bad(&job, split, e);
    acf_free(job.bad);
    return st;
}
