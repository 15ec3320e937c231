#include "run/step.h"

#include "num/dropout.h"

#include <math.h>

#define REAL sizeof(real)

size_t acf_step_bytes(const acf_model *m, const acf_batch_bound *bound,
                      const acf_batch_bound *piece)
{
    size_t N = (size_t)bound->N, d = (size_t)m->enc->d, K = (size_t)m->K;
    size_t own = 3 * acf_arena_cost(N * d, REAL) + acf_arena_cost(N * K, REAL) +
                 acf_arena_cost(acf_objective_scratch(bound->N, m->K, m->enc->d), 1);
    size_t start = acf_arena_cost((size_t)piece->N + 1, sizeof(int32_t)); /* piece_of's */
    return own + start +
           m->enc->ops->bytes(m->enc, piece->N, piece->T, piece->L, piece->square, true);
}

/* Examples first .. first + n - 1 of the batch as an input of their own; start is rebased into
 * `starts` [n + 1]. */
static acf_input piece_of(const acf_batch *batch, int first, int n, int32_t *starts)
{
    acf_input in = batch->input;
    int32_t t0 = batch->input.start != NULL ? batch->input.start[first] : 0;
    in.N = n;
    in.example0 += (uint64_t)first;
    if (in.start == NULL) { /* images: rows of one size */
        in.pixels += (size_t)first * (size_t)in.channels * (size_t)in.height * (size_t)in.width;
        return in;
    }
    for (int s = 0; s < first; s++) {
        uint64_t L = (uint64_t)(batch->input.start[s + 1] - batch->input.start[s]);
        in.square0 += L * L;
    }
    for (int s = 0; s <= n; s++)
        starts[s] = batch->input.start[first + s] - t0;
    in.T = starts[n];
    in.token0 += (uint64_t)t0;
    in.ids += t0;
    if (in.types != NULL) in.types += t0;
    in.start = starts;
    return in;
}

/* Encode the batch piece by piece; with d_features also back-propagate each piece. */
static void encode_pieces(acf_step *s, real *features, real *d_features, const acf_batch *batch,
                          acf_pass pass)
{
    acf_model *m = s->model;
    const acf_encoder_ops *ops = m->enc->ops;
    size_t d = (size_t)m->enc->d;
    pass.keep = d_features != NULL;
    for (int first = 0; first < batch->N; first += s->micro_batch) {
        int n = batch->N - first < s->micro_batch ? batch->N - first : s->micro_batch;
        size_t mark = s->arena.used, at = (size_t)first * d;
        int32_t *starts = acf_arena_take(&s->arena, (size_t)n + 1, sizeof *starts);
        acf_input in = piece_of(batch, first, n, starts);
        ops->forward(m->enc, features + at, &m->params, &in, &pass, &s->arena);
        if (d_features != NULL)
            ops->backward(m->enc, &m->params, d_features + at, &in, &pass, &s->arena);
        acf_arena_rewind(&s->arena, mark);
    }
}

acf_status acf_step_gradients(acf_step_result *r, acf_step *s, const acf_batch *batch,
                              int64_t update, acf_error *e)
{
    acf_model *m = s->model;
    acf_params *p = &m->params;
    acf_arena *arena = &s->arena;
    int N = batch->N, K = m->K, d = m->enc->d;
    size_t Nd = (size_t)N * (size_t)d;
    bool whole = s->micro_batch >= N;
    acf_pass pass = {.train = true, .keep = whole, .seed = s->seed, .step = (uint64_t)update};

    acf_arena_rewind(arena, 0);
    if (s->optimizer != NULL) /* token ids are the rows of the embeddings that are read */
        acf_optimizer_begin(s->optimizer, p, batch->input.ids, batch->input.T);
    acf_params_zero_grad(p);
    s->N = N;
    s->features = acf_arena_take(arena, Nd, REAL);
    s->logits = acf_arena_take(arena, (size_t)N * (size_t)K, REAL);
    real *d_features = acf_arena_take(arena, Nd, REAL);
    real *keep = NULL;
    if (m->enc->head_dropout > 0) {
        keep = acf_arena_take(arena, Nd, REAL);
        acf_dropout_mask(keep, Nd, 0,
                         (acf_dropout){.p = m->enc->head_dropout,
                                       .seed = s->seed,
                                       .step = (uint64_t)update,
                                       .site = ACF_HEAD_DROPOUT_SITE});
    }
    void *scratch = acf_arena_take(arena, acf_objective_scratch(N, K, d), 1);

    /* h = encoder(x) */
    if (whole)
        m->enc->ops->forward(m->enc, s->features, p, &batch->input, &pass, arena);
    else
        encode_pieces(s, s->features, NULL, batch, pass);

    /* L = objective(h, y, W, b) */
    const acf_objective_gradient gradient = {d_features, acf_grad(p, m->W), acf_grad(p, m->b)};
    const acf_objective_batch in = {.N = N,
                                    .K = K,
                                    .d = d,
                                    .h = s->features,
                                    .keep = keep,
                                    .y = batch->label,
                                    .target = batch->target,
                                    .W = acf_value(p, m->W),
                                    .b = acf_value(p, m->b)};
    acf_objective_evaluate(&r->loss, s->logits, &gradient, &in, &s->objective, scratch);
    if (!isfinite(r->loss.total))
        return acf_fail(e, ACF_ERR_NUMERIC, "update %lld: loss is %g", (long long)update + 1,
                        r->loss.total);

    if (whole)
        m->enc->ops->backward(m->enc, p, d_features, &batch->input, &pass, arena);
    else
        encode_pieces(s, s->features, d_features, batch, pass);

    r->grad_norm = acf_grad_norm(p);
    if (!isfinite(r->grad_norm))
        return acf_fail(e, ACF_ERR_NUMERIC, "update %lld: gradient norm is %g (loss %g)",
                        (long long)update + 1, r->grad_norm, r->loss.total);
    return ACF_OK;
}

void acf_step_update(acf_step_result *r, acf_step *s, int64_t update)
{
    double factor = acf_schedule_factor(&s->schedule, update, s->total);
    r->lr = factor * s->optimizer->options.lr;
    r->lr_head = factor * s->optimizer->options.head_lr;
    acf_optimizer_step(s->optimizer, &s->model->params, factor,
                       acf_clip_scale(r->grad_norm, s->clip));
}
