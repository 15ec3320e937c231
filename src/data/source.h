/*
 * The seam between data and trainer, the same for texts and images: a source gives rows as the
 * packed batches that encoders take.
 */
#ifndef ACF_DATA_SOURCE_H
#define ACF_DATA_SOURCE_H

#include "base/status.h"
#include "encoder/encoder.h"
#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A batch and its buffers: zero-initialise, fetch again and again, free.  Buffers only grow. */
typedef struct acf_batch {
    acf_input input; /* points into the buffers */
    int N;
    int L;                                   /* longest sequence (1 for images) */
    size_t square;                           /* sum of squared lengths */
    int32_t *row;                            /* [N] */
    int32_t *label;                          /* [N] -1: unlabelled */
    double *target;                          /* [N] of a regression source; else NULL */
    int32_t *ids;                            /* [T] */
    int32_t *types;                          /* [T] */
    int32_t *start;                          /* [N + 1] */
    real *pixels;                            /* [N, channels, height, width] */
    size_t cap_rows, cap_tokens, cap_pixels; /* elements that the buffers hold */
} acf_batch;

/* How rows are wanted: augmentation is keyed by (seed, epoch, row) when train. */
typedef struct acf_fetch {
    bool train;
    uint64_t seed;
    uint64_t epoch;
} acf_fetch;

typedef struct acf_source acf_source;

/* A fetch finds N, row, label and target filled and adds the rest. */
typedef struct acf_source_ops {
    acf_status (*fetch)(acf_source *s, acf_batch *out, const int32_t *rows, int n,
                        const acf_fetch *how, acf_error *e);
    void (*close)(acf_source *s);

    /* See acf_source_announce; NULL: of no use to this source. */
    acf_status (*announce)(acf_source *s, const int32_t *rows, int n, acf_error *e);
} acf_source_ops;

/* Common head of every source. */
struct acf_source {
    const acf_source_ops *ops;
    int n;
    const int32_t *label;  /* [n] borrowed */
    const double *target;  /* [n] borrowed; NULL: classification */
    const int32_t *length; /* [n] tokens of each row, special ones included; NULL: unknown */
    double mean_tokens;
    int max_tokens;  /* of any row, at most; 1 for images */
    int n_truncated; /* rows that were cut to the longest length allowed */
};

/* Rows rows[0 .. n-1] of s (each below s->n, repeats allowed), in this order.  The input's
 * example0, token0, square0 are 0.  ACF_ERR_RESOURCE; a source that reads files: ACF_ERR_DATA. */
acf_status acf_source_fetch(acf_source *s, acf_batch *out, const int32_t *rows, int n,
                            const acf_fetch *how, acf_error *e) ACF_MUST_USE;

/* The next fetches will ask for these rows in this order (rows NULL: 0 .. n-1), which are copied: a
 * source that reads files works ahead.  Fetches that differ are served all the same, only later.
 * ACF_ERR_RESOURCE. */
acf_status acf_source_announce(acf_source *s, const int32_t *rows, int n,
                               acf_error *e) ACF_MUST_USE;

/* Tokens of a row, or the most that it can have; 1 for images. */
static inline int acf_source_tokens(const acf_source *s, int32_t row)
{
    return s->length == NULL ? s->max_tokens : (int)s->length[row];
}

/* NULL inside is allowed. */
void acf_source_close(acf_source **s);

/* For sources: room for so many rows (start: one more), tokens and pixel values; what the batch
 * holds stays.  ACF_ERR_RESOURCE. */
acf_status acf_batch_reserve(acf_batch *b, size_t rows, size_t tokens, size_t pixels,
                             acf_error *e) ACF_MUST_USE;
void acf_batch_free(acf_batch *b);

/* The most that any batch of at most `batch_size` rows can hold: what memory is planned with. */
typedef struct acf_batch_bound {
    int N;
    int T; /* tokens */
    int L; /* longest sequence */
    size_t square;
} acf_batch_bound;

/* repeats: a row may come more than once in a batch (balanced sampling); else the sums run over the
 * longest rows, each once.  ACF_ERR_RESOURCE (also when T exceeds int). */
acf_status acf_source_bound(acf_batch_bound *out, const acf_source *s, int batch_size, bool repeats,
                            acf_error *e) ACF_MUST_USE;

/* What the batch of n rows, rows[0 .. n-1] or first .. first + n - 1 when rows is NULL, holds.
 * ACF_ERR_RESOURCE when T exceeds int. */
acf_status acf_source_batch_bound(acf_batch_bound *out, const acf_source *s, const int32_t *rows,
                                  int first, int n, acf_error *e) ACF_MUST_USE;

#endif
