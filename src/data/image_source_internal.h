/* What an image source (image_source.c) and its first reading (image_read.c) share. */
#ifndef ACF_DATA_IMAGE_SOURCE_INTERNAL_H
#define ACF_DATA_IMAGE_SOURCE_INTERNAL_H

#include "data/image_source.h"
#include "data/look_ahead.h"

typedef struct acf_image_source {
    acf_source head;
    const acf_split *split;
    acf_image_prep prep;
    acf_augment augment;
    acf_image_scale scale;
    int stored;           /* channels of a prepared image */
    size_t item;          /* its bytes */
    uint8_t *cache;       /* [n, item]; NULL: not kept */
    const uint8_t *array; /* the split's own array, when it is what preparing would give */
    acf_look_ahead *ahead;
    uint8_t *piece; /* [PIECE_ROWS, item] without cache */
    uint64_t sum[3], square[3];
} acf_image_source;

/* Where a row's levels are kept; NULL: nowhere. */
static inline const uint8_t *acf_image_item_kept(const acf_image_source *s, int32_t row)
{
    if (s->array != NULL) return s->array + ((size_t)s->split->line[row] - 1) * s->item;
    return s->cache != NULL ? s->cache + (size_t)row * s->item : NULL;
}

/* Row `row` as levels [stored, size, size]; an acf_make_item, the payload is the source. */
acf_status acf_image_item_make(void *payload, uint8_t *out, int32_t row, acf_error *e) ACF_MUST_USE;

/* Every row of the split once: into the cache if there is one, into sum and square, on all threads
 * with the same result.  Rows that cannot be read end it or leave the split, as opt says.
 * ACF_ERR_DATA names the first of them; ACF_STOPPED. */
acf_status acf_image_read_all(acf_image_source *s, acf_split *split, const acf_image_options *opt,
                              acf_error *e) ACF_MUST_USE;

#endif
