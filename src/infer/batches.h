/* A split or some of its rows, batch by batch in their order, as evaluation reads it. */
#ifndef ACF_INFER_BATCHES_H
#define ACF_INFER_BATCHES_H

#include "base/poll.h"
#include "data/source.h"
#include "model/model.h"

/* Rows encoded at a time: enough for the matrix products to be fast on short texts. */
enum { ACF_BATCH_ROWS = 64 };

typedef struct acf_batch_visitor {
    /* Rows batch->row, the first of which is the first-th of all; unchanged by augmentation.  The
     * arena holds what acf_model_infer takes for them and is left as it was. */
    acf_status (*visit)(void *payload, const acf_batch *batch, int first, acf_arena *arena,
                        acf_error *e);
    void *payload;
    acf_poll poll;
    const char *what; /* "evaluation", for messages */
} acf_batch_visitor;

/* The n rows of source; rows NULL: its first n.  ACF_STOPPED when poll says so; else the first
 * status of visit or of reading that is not ACF_OK. */
acf_status acf_batches_visit(const acf_model *m, acf_source *source, const int32_t *rows, int n,
                             const acf_batch_visitor *v, acf_error *e) ACF_MUST_USE;

#endif
