/*
 * One training step, the page to read first: features, loss, gradients, norm, clip, update.
 *
 *     h = encoder(x)                      features of all N examples
 *     L = objective(h, y, W, b)           one loss over the whole batch
 *     grad = dL/d parameters              through the objective, then the encoder
 *     parameters -= optimizer(grad clipped to a global norm) at the schedule's rate
 *
 * With micro_batch below N only memory changes: pieces are encoded without keeping activations, the
 * loss and d_h are formed over the whole batch, and each piece is encoded again, with the same
 * dropout, to be back-propagated (gradient caching: Gao et al. 2021, arXiv 2101.06983).
 */
#ifndef ACF_RUN_STEP_H
#define ACF_RUN_STEP_H

#include "data/source.h"
#include "model/model.h"
#include "optim/clip.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

typedef struct acf_step {
    acf_model *model;
    acf_objective objective;
    acf_optimizer *optimizer;
    acf_schedule schedule;
    int64_t total; /* updates of the run, for the schedule */
    double clip;   /* largest global norm; 0: no clipping */
    uint64_t seed;
    int micro_batch; /* examples encoded at a time */
    acf_arena arena;

    /* Of the latest acf_step_gradients, in the arena: */
    real *features; /* [N, d] */
    real *logits;   /* [N, K] */
    int N;
} acf_step;

typedef struct acf_step_result {
    acf_loss loss;
    double grad_norm;   /* before clipping */
    double lr, lr_head; /* of this update */
} acf_step_result;

/* Arena bytes for batches within `bound` whose pieces of micro_batch examples lie within `piece`.
 */
size_t acf_step_bytes(const acf_model *m, const acf_batch_bound *bound,
                      const acf_batch_bound *piece);

/* Loss and gradients of one batch as update number `update` (from 0) sees it; model->params.grad is
 * overwritten.  A loss or gradient norm that is not finite is ACF_ERR_NUMERIC: nothing was updated.
 */
acf_status acf_step_gradients(acf_step_result *r, acf_step *s, const acf_batch *batch,
                              int64_t update, acf_error *e) ACF_MUST_USE;

/* Clip and update the parameters from the gradients. */
void acf_step_update(acf_step_result *r, acf_step *s, int64_t update);

#endif
