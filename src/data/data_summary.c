#include "data/data_summary.h"

#include "base/mem.h"
#include "data/overlap.h"

#include <stdio.h>
#include <stdlib.h>

/* 67,349 */
static void put_count(char text[32], int64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
    size_t at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
}

typedef struct class_size {
    int32_t count, k;
} class_size;

static int larger_class_first(const void *a, const void *b)
{
    const class_size *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x->k < y->k ? -1 : 1;
}

static acf_status put_class(acf_str *out, const acf_dataset *d, class_size c, int n, acf_error *e)
{
    char rows[32];
    put_count(rows, c.count);
    return acf_str_printf(out, e, "%s %s (%.1f %%)", d->labels[c.k], rows, 100.0 * c.count / n);
}

/* Class balance: up to FULL classes all, in order of ids; of more, the largest and smallest. */
static acf_status put_balance(acf_str *out, const acf_dataset *d, const acf_split *s, acf_error *e)
{
    enum { FULL = 6, ENDS = 3 };
    acf_status st = ACF_ERR_RESOURCE;
    int32_t *count = acf_alloc((size_t)d->K, sizeof *count, "class balance", e);
    class_size *order = acf_alloc((size_t)d->K, sizeof *order, "class balance", e);
    if (count == NULL || order == NULL) goto done;

    (void)acf_data_count(count, s, d->K);
    for (int k = 0; k < d->K; k++)
        order[k] = (class_size){count[k], k};
    if (d->K > FULL) qsort(order, (size_t)d->K, sizeof *order, larger_class_first);
    st = acf_str_puts(out, "       ", e);
    for (int i = 0; i < d->K && st == ACF_OK; i++) {
        if (d->K > FULL && i >= ENDS && i < d->K - ENDS) {
            if (i == ENDS) st = acf_str_puts(out, ", ...", e);
            continue;
        }
        st = acf_str_puts(out, i == 0 ? "" : ", ", e);
        if (st == ACF_OK) st = put_class(out, d, order[i], s->n, e);
    }
    if (st == ACF_OK) st = acf_str_puts(out, "\n", e);
done:
    acf_free(count);
    acf_free(order);
    return st;
}

/* Mean and range of a regression's targets. */
static acf_status put_scores(acf_str *out, const acf_split *s, acf_error *e)
{
    double low = s->target[0], high = s->target[0], sum = 0;
    for (int i = 0; i < s->n; i++) {
        sum += s->target[i];
        if (s->target[i] < low) low = s->target[i];
        if (s->target[i] > high) high = s->target[i];
    }
    return acf_str_printf(out, e, "       scores from %g to %g, mean %.3f\n", low, high,
                          sum / s->n);
}

static acf_status put_bad(acf_str *out, const acf_split *s, acf_error *e)
{
    enum { SHOWN = 5 };
    if (s->n_bad_images > 0)
        ACF_TRY(acf_str_printf(out, e, "       %d bad image%s skipped\n", s->n_bad_images,
                               s->n_bad_images == 1 ? "" : "s"));
    if (s->n_bad == 0) return ACF_OK;
    ACF_TRY(acf_str_printf(out, e, "       %d bad line%s skipped:", s->n_bad,
                           s->n_bad == 1 ? "" : "s"));
    for (int i = 0; i < s->n_bad && i < SHOWN; i++)
        ACF_TRY(acf_str_printf(out, e, "%s line %d %s", i == 0 ? "" : ";", (int)s->bad[i].line,
                               s->bad[i].reason));
    return acf_str_puts(out, s->n_bad > SHOWN ? "; ...\n" : "\n", e);
}

/* What of the splits is the same as in training: nothing is said of training rows that are all
 * different, for dev it is always told. */
static acf_status put_overlap(acf_str *out, const acf_split *s, const acf_overlap *o, bool is_train,
                              acf_error *e)
{
    if (o->n == 0 && is_train) return ACF_OK;
    if (o->n == 0) return acf_str_puts(out, "       no row has the text of a training row\n", e);
    const char *other = s->target != NULL ? "score" : "label";
    ACF_TRY(acf_str_printf(out, e, "       %d row%s the text of %s training row", o->n,
                           o->n == 1 ? " has" : "s have", is_train ? "an earlier" : "a"));
    return acf_str_printf(out, e, ", %d of them another %s\n", o->n_other, other);
}

static acf_status put_split(acf_str *out, const acf_dataset *d, acf_split_id id,
                            const acf_overlap *overlap, acf_error *e)
{
    const acf_split *s = &d->split[id];
    char rows[32], all[32];
    put_count(rows, s->n);
    put_count(all, s->n_file);
    ACF_TRY(acf_str_printf(out, e, "%-5s  %s%s%s rows%s%s: %s\n", s->name, rows,
                           s->is_drawn ? " of " : "", s->is_drawn ? all : "",
                           s->has_header ? " after a header" : "",
                           s->is_labelled ? "" : ", unlabelled", s->path));
    if (s->pixels != NULL)
        ACF_TRY(acf_str_printf(out, e, "       %d x %d pixels, %s\n", s->pixels->width,
                               s->pixels->height, s->pixels->channels == 1 ? "grey" : "RGB"));
    if (s->is_labelled) ACF_TRY(d->regression ? put_scores(out, s, e) : put_balance(out, d, s, e));
    if (s->n_empty > 0)
        ACF_TRY(acf_str_printf(out, e, "       %d row%s with an empty %s\n", s->n_empty,
                               s->n_empty == 1 ? "" : "s", s->is_image ? "path" : "text"));
    if (overlap != NULL) ACF_TRY(put_overlap(out, s, overlap, id == ACF_TRAIN, e));
    return put_bad(out, s, e);
}

acf_status acf_data_summary(acf_str *out, const acf_dataset *d, acf_error *e)
{
    const char *texts = d->task->image ? "images" : d->pair ? "pairs of texts" : "single texts";
    ACF_TRY(d->regression ? acf_str_printf(out, e, "data   task %s, %s, a number to predict\n",
                                           d->task->name, texts)
                          : acf_str_printf(out, e, "data   task %s, %s, %d labels\n", d->task->name,
                                           texts, d->K));
    static const acf_split_id dev[2] = {ACF_DEV, ACF_DEV_MM};
    const acf_split *const other[2] = {&d->split[dev[0]], &d->split[dev[1]]};
    acf_overlap within, found[2];
    const acf_overlap *overlap[ACF_N_SPLITS] = {NULL};
    if (d->split[ACF_TRAIN].n > 0 && !d->split[ACF_TRAIN].is_image) {
        ACF_TRY(acf_overlap_count(&within, found, &d->split[ACF_TRAIN], other, 2, e));
        overlap[ACF_TRAIN] = &within;
        for (int i = 0; i < 2; i++)
            overlap[dev[i]] = &found[i];
    }
    for (int id = 0; id < ACF_N_SPLITS; id++)
        if (d->split[id].n > 0) ACF_TRY(put_split(out, d, (acf_split_id)id, overlap[id], e));
    return ACF_OK;
}

acf_status acf_data_chosen_rows(acf_str *out, const acf_dataset *d, acf_error *e)
{
    bool with_path = d->split[ACF_TRAIN].is_image && d->split[ACF_TRAIN].pixels == NULL;
    for (int id = 0; id < ACF_N_SPLITS; id++) {
        const acf_split *s = &d->split[id];
        if (!s->is_drawn || s->line == NULL) continue;
        if (out->len == 0)
            ACF_TRY(acf_str_printf(out, e, "split\tline%s\n", with_path ? "\timage" : ""));
        for (int i = 0; i < s->n; i++) {
            ACF_TRY(acf_str_printf(out, e, "%s\t%d", s->name, (int)s->line[i]));
            if (with_path) ACF_TRY(acf_str_puts(out, "\t", e));
            if (with_path) ACF_TRY(acf_str_put_cell(out, s->text[i], e));
            ACF_TRY(acf_str_puts(out, "\n", e));
        }
    }
    return ACF_OK;
}

acf_status acf_data_bad_lines(acf_str *out, const acf_dataset *d, acf_error *e)
{
    for (int id = 0; id < ACF_N_SPLITS; id++) {
        const acf_split *s = &d->split[id];
        if (s->n_bad + s->n_bad_images == 0) continue;
        if (out->len == 0) ACF_TRY(acf_str_puts(out, "file\tline\treason\n", e));
        for (int i = 0; i < s->n_bad && i < ACF_BAD_LISTED; i++) {
            ACF_TRY(acf_str_put_cell(out, s->path, e));
            ACF_TRY(acf_str_printf(out, e, "\t%d\t", (int)s->bad[i].line));
            ACF_TRY(acf_str_put_cell(out, s->bad[i].reason, e));
            ACF_TRY(acf_str_puts(out, "\n", e));
        }
        if (s->n_bad_images > 0) ACF_TRY(acf_str_puts(out, s->bad_images.data, e));
    }
    return ACF_OK;
}
