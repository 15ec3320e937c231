#include "data/source.h"

#include "base/assert.h"
#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Room for `need` elements in one array of a batch.  cap is by value: arrays that share a capacity
 * all grow from the same one to the same one, which the caller then keeps. */
static acf_status grow(void *array, size_t *room, size_t cap, size_t need, size_t size,
                       acf_error *e)
{
    void *old;
    memcpy(&old, array, sizeof old); /* array: the address of a pointer of any type */
    *room = cap;
    void *grown = acf_grow(old, room, need, size, "batch", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    memcpy(array, &grown, sizeof grown);
    return ACF_OK;
}

acf_status acf_batch_reserve(acf_batch *b, size_t rows, size_t tokens, size_t pixels, acf_error *e)
{
    size_t room;
    if (rows + 1 > b->cap_rows) { /* start has one more */
        ACF_TRY(grow(&b->row, &room, b->cap_rows, rows + 1, sizeof *b->row, e));
        ACF_TRY(grow(&b->label, &room, b->cap_rows, rows + 1, sizeof *b->label, e));
        ACF_TRY(grow(&b->target, &room, b->cap_rows, rows + 1, sizeof *b->target, e));
        ACF_TRY(grow(&b->start, &room, b->cap_rows, rows + 1, sizeof *b->start, e));
        b->cap_rows = room;
    }
    if (tokens > b->cap_tokens) {
        ACF_TRY(grow(&b->ids, &room, b->cap_tokens, tokens, sizeof *b->ids, e));
        ACF_TRY(grow(&b->types, &room, b->cap_tokens, tokens, sizeof *b->types, e));
        b->cap_tokens = room;
    }
    if (pixels > b->cap_pixels) {
        ACF_TRY(grow(&b->pixels, &room, b->cap_pixels, pixels, sizeof *b->pixels, e));
        b->cap_pixels = room;
    }
    return ACF_OK;
}

acf_status acf_source_fetch(acf_source *s, acf_batch *out, const int32_t *rows, int n,
                            const acf_fetch *how, acf_error *e)
{
    ACF_ASSERT(n > 0);
    ACF_TRY(acf_batch_reserve(out, (size_t)n, 0, 0, e));
    out->N = n;
    for (int i = 0; i < n; i++) {
        ACF_ASSERT(rows[i] >= 0 && rows[i] < s->n);
        out->row[i] = rows[i];
        out->label[i] = s->label[rows[i]];
        out->target[i] = s->target != NULL ? s->target[rows[i]] : 0.0;
    }
    return s->ops->fetch(s, out, rows, n, how, e);
}

acf_status acf_source_announce(acf_source *s, const int32_t *rows, int n, acf_error *e)
{
    return s->ops->announce != NULL ? s->ops->announce(s, rows, n, e) : ACF_OK;
}

void acf_source_close(acf_source **s)
{
    if (*s != NULL) (*s)->ops->close(*s);
    *s = NULL;
}

void acf_batch_free(acf_batch *b)
{
    acf_free(b->row);
    acf_free(b->label);
    acf_free(b->target);
    acf_free(b->ids);
    acf_free(b->types);
    acf_free(b->start);
    acf_free(b->pixels);
    *b = (acf_batch){0};
}

static int longer_first(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x == y ? 0 : x > y ? -1 : 1;
}

acf_status acf_source_bound(acf_batch_bound *out, const acf_source *s, int batch_size, bool repeats,
                            acf_error *e)
{
    int32_t *length = acf_alloc((size_t)s->n, sizeof *length, "lengths of all rows", e);
    if (length == NULL) return ACF_ERR_RESOURCE;
    for (int i = 0; i < s->n; i++)
        length[i] = (int32_t)acf_source_tokens(s, i);
    qsort(length, (size_t)s->n, sizeof *length, longer_first);

    *out = (acf_batch_bound){.N = repeats || batch_size < s->n ? batch_size : s->n};
    int64_t tokens = 0;
    for (int i = 0; i < out->N && s->n > 0; i++) {
        int64_t L = length[repeats ? 0 : i];
        tokens += L;
        out->square += (size_t)(L * L);
    }
    out->L = s->n > 0 ? length[0] : 0;
    acf_free(length);
    if (tokens > INT_MAX)
        return acf_fail(e, ACF_ERR_RESOURCE,
                        "batch of %d rows: may hold %lld tokens, more than %d; take a smaller "
                        "train.batch_size",
                        out->N, (long long)tokens, INT_MAX);
    out->T = (int)tokens;
    return ACF_OK;
}

acf_status acf_source_batch_bound(acf_batch_bound *out, const acf_source *s, const int32_t *rows,
                                  int first, int n, acf_error *e)
{
    int64_t tokens = 0;
    *out = (acf_batch_bound){.N = n};
    for (int i = 0; i < n; i++) {
        int L = acf_source_tokens(s, rows != NULL ? rows[i] : first + i);
        tokens += L;
        out->square += (size_t)L * (size_t)L;
        if (L > out->L) out->L = L;
    }
    if (tokens > INT_MAX)
        return acf_fail(e, ACF_ERR_RESOURCE, "batch of %d rows: holds %lld tokens, more than %d", n,
                        (long long)tokens, INT_MAX);
    out->T = (int)tokens;
    return ACF_OK;
}
