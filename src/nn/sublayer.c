#include "nn/sublayer.h"

#include "num/embed.h"
#include "num/norm.h"
#include "num/threads.h"

#include <string.h>

#define REAL sizeof(real)

acf_status acf_norm_plan(acf_norm *norm, acf_params *p, const char *name, int C, double eps,
                         acf_param_place place, acf_error *e)
{
    int id[2];
    for (int k = 0; k < 2; k++) {
        acf_param s = {.rank = 1,
                       .dim = {C},
                       .group = place.group,
                       .flags = ACF_PARAM_NO_DECAY,
                       .layer = place.layer,
                       .init = k == 0 ? ACF_INIT_ONE : ACF_INIT_ZERO};
        ACF_TRY(acf_params_add_named(&id[k], p, name, k == 0 ? "weight" : "bias", s, e));
    }
    *norm = (acf_norm){.gamma = id[0], .beta = id[1], .C = C, .eps = eps};
    return ACF_OK;
}

static void residual_bind(acf_residual_act *res, size_t R, size_t C, bool keep, acf_arena *arena)
{
    res->y = acf_arena_take(arena, R * C, REAL);
    res->xhat = keep ? acf_arena_take(arena, R * C, REAL) : NULL;
    res->rstd = keep ? acf_arena_take(arena, R, REAL) : NULL;
}

static size_t residual_bytes(size_t R, size_t C, bool keep)
{
    size_t wide = acf_arena_cost(R * C, REAL);
    return keep ? 2 * wide + acf_arena_cost(R, REAL) : wide;
}

/* o [R, C] is overwritten. */
static void residual_forward(acf_residual_act *res, real *o, const real *residual,
                             const acf_params *p, const acf_norm *norm, const acf_rows *rows,
                             acf_dropout drop)
{
    size_t R = acf_rows_count(rows), C = (size_t)norm->C;
    if (drop.p > 0) acf_dropout_apply(o, o, R * C, rows->row0 * C, drop);
    acf_layernorm_forward(res->y, res->xhat, res->rstd, o, residual, acf_value(p, norm->gamma),
                          acf_value(p, norm->beta), norm->eps, R, norm->C);
}

/* d_s [R, C], the gradient of the residual, and d_o [R, C] = dropout(d_s); d_s may be d_y. */
static void residual_backward(real *d_s, real *d_o, acf_params *p, const real *d_y,
                              const acf_residual_act *res, const acf_norm *norm,
                              const acf_rows *rows, acf_dropout drop)
{
    size_t R = acf_rows_count(rows), C = (size_t)norm->C;
    bool trains = acf_trains(p, norm->gamma);
    acf_layernorm_backward(d_s, trains ? acf_grad(p, norm->gamma) : NULL,
                           trains ? acf_grad(p, norm->beta) : NULL, d_y, res->xhat, res->rstd,
                           acf_value(p, norm->gamma), R, norm->C);
    acf_dropout_apply(d_o, d_s, R * C, rows->row0 * C, drop);
}

static acf_dropout site(const acf_rows *rows, double prob, uint32_t number)
{
    return (acf_dropout){
        .p = rows->train ? prob : 0.0, .seed = rows->seed, .step = rows->step, .site = number};
}

acf_sublayer_bytes acf_attention_bytes(const acf_attention *att, const acf_rows *rows, size_t pairs,
                                       size_t scratch)
{
    size_t R = acf_rows_count(rows), T = rows->T, C = (size_t)att->norm.C;
    size_t N = (size_t)rows->shape.N, wide = acf_arena_cost(R * C, REAL);
    acf_sublayer_bytes b = {.kept = residual_bytes(R, C, rows->keep) + wide + scratch,
                            .moment = wide}; /* output before the norm */
    if (rows->shape.first_only)
        b.kept += 2 * acf_arena_cost(N * C, REAL) + acf_arena_cost(T * 2 * C, REAL);
    else
        b.kept += acf_arena_cost(T * 3 * C, REAL);
    if (!rows->keep) return b;
    b.kept += acf_arena_cost(pairs, REAL);
    /* backward: gradients of that output, of ctx, and of qkv */
    b.moment = 2 * wide + (rows->shape.first_only
                               ? acf_arena_cost(N * C, REAL) + acf_arena_cost(T * 2 * C, REAL)
                               : acf_arena_cost(T * 3 * C, REAL));
    return b;
}

/* Where queries, keys and values lie: one [T, 3C], or [N, C] and [T, 2C]. */
static acf_attn_shape shape_of(const acf_attention *att, const acf_rows *rows)
{
    acf_attn_shape shape = rows->shape;
    shape.ld = (shape.first_only ? 2 : 3) * att->norm.C;
    return shape;
}

void acf_attention_forward(acf_attention_act *act, const real *x, const acf_params *p,
                           const acf_attention *att, const acf_rows *rows, acf_arena *arena)
{
    size_t R = acf_rows_count(rows), T = rows->T, C = (size_t)att->norm.C;
    acf_attn_shape shape = shape_of(att, rows);
    acf_dropout drop = site(rows, att->p_prob, att->site);
    const real *residual = x;

    act->x = x;
    residual_bind(&act->res, R, C, rows->keep, arena);
    act->ctx = acf_arena_take(arena, R * C, REAL);
    act->prob = rows->keep ? acf_arena_take(arena, acf_attn_pairs(&shape), REAL) : NULL;

    if (shape.first_only) {
        acf_linear q = acf_linear_part(&att->qkv, 3, 0, 1),
                   kv = acf_linear_part(&att->qkv, 3, 1, 2);
        size_t N = (size_t)shape.N;
        act->x_first = acf_arena_take(arena, N * C, REAL);
        act->q = acf_arena_take(arena, N * C, REAL);
        act->kv = acf_arena_take(arena, T * 2 * C, REAL);
        acf_pool_first_forward(act->x_first, x, shape.start, shape.N, att->norm.C);
        acf_linear_forward(act->q, act->x_first, N, true, p, &q);
        acf_linear_forward(act->kv, x, T, true, p, &kv);
        residual = act->x_first;
    } else {
        act->x_first = NULL;
        act->q = acf_arena_take(arena, T * 3 * C, REAL);
        act->kv = act->q + C;
        acf_linear_forward(act->q, x, T, true, p, &att->qkv);
    }
    act->scratch = acf_arena_take(arena, acf_attn_scratch(&shape, acf_threads_get()), 1);
    acf_attn_forward(act->ctx, act->prob, act->q, act->kv, act->kv + C, &shape, drop, act->scratch);

    size_t mark = arena->used;
    real *o = acf_arena_take(arena, R * C, REAL);
    acf_linear_forward(o, act->ctx, R, true, p, &att->out);
    residual_forward(&act->res, o, residual, p, &att->norm, rows,
                     site(rows, att->p_out, att->site + 1));
    acf_arena_rewind(arena, mark);
}

/* d_x += d_first at the first token of each sequence. */
static void add_first(real *d_x, const real *d_first, const acf_attn_shape *shape, size_t C)
{
    for (int s = 0; s < shape->N; s++) {
        real *row = d_x + (size_t)shape->start[s] * C;
        for (size_t c = 0; c < C; c++)
            row[c] += d_first[(size_t)s * C + c];
    }
}

void acf_attention_backward(real *d_x, acf_params *p, real *d_y, const acf_attention_act *act,
                            const acf_attention *att, const acf_rows *rows, acf_arena *arena)
{
    size_t R = acf_rows_count(rows), T = rows->T, C = (size_t)att->norm.C;
    acf_attn_shape shape = shape_of(att, rows);
    acf_dropout drop = site(rows, att->p_prob, att->site);
    size_t mark = arena->used;

    real *d_o = acf_arena_take(arena, R * C, REAL);
    real *d_ctx = acf_arena_take(arena, R * C, REAL);
    /* y = LayerNorm(dropout(ctx Wo^T + bo) + x) */
    residual_backward(d_y, d_o, p, d_y, &act->res, &att->norm, rows,
                      site(rows, att->p_out, att->site + 1));
    acf_linear_backward(d_ctx, (real)0, p, d_o, act->ctx, R, &att->out);

    size_t N = (size_t)shape.N;
    real *d_q = acf_arena_take(arena, shape.first_only ? N * C : T * 3 * C, REAL);
    real *d_kv = shape.first_only ? acf_arena_take(arena, T * 2 * C, REAL) : d_q + C;
    acf_attn_backward(d_q, d_kv, d_kv + C, d_ctx, act->prob, act->q, act->kv, act->kv + C, &shape,
                      drop, act->scratch);
    if (shape.first_only) {
        acf_linear q = acf_linear_part(&att->qkv, 3, 0, 1),
                   kv = acf_linear_part(&att->qkv, 3, 1, 2);
        acf_linear_backward(d_x, (real)0, p, d_kv, act->x, T, &kv);
        acf_linear_backward(d_y, (real)1, p, d_q, act->x_first, N, &q); /* d_y: residual's */
        add_first(d_x, d_y, &shape, C);
    } else {
        acf_linear_backward(d_y, (real)1, p, d_q, act->x, T, &att->qkv);
        if (d_x != d_y) memcpy(d_x, d_y, T * C * REAL);
    }
    acf_arena_rewind(arena, mark);
}

acf_sublayer_bytes acf_ffn_bytes(const acf_ffn *ffn, const acf_rows *rows)
{
    size_t R = acf_rows_count(rows), C = (size_t)ffn->norm.C, F = (size_t)ffn->in.out;
    size_t wide = acf_arena_cost(R * C, REAL), hidden = acf_arena_cost(R * F, REAL);
    return (acf_sublayer_bytes){.kept = residual_bytes(R, C, rows->keep) + 2 * hidden,
                                .moment = rows->keep ? wide + hidden : wide};
}

void acf_ffn_forward(acf_ffn_act *act, const real *x, const acf_params *p, const acf_ffn *ffn,
                     const acf_rows *rows, acf_arena *arena)
{
    size_t R = acf_rows_count(rows), C = (size_t)ffn->norm.C, F = (size_t)ffn->in.out;
    act->x = x;
    residual_bind(&act->res, R, C, rows->keep, arena);
    act->pre = acf_arena_take(arena, R * F, REAL);
    act->hidden = acf_arena_take(arena, R * F, REAL);
    acf_linear_forward(act->pre, x, R, false, p, &ffn->in);
    acf_act_forward(act->hidden, act->pre, acf_value(p, ffn->in.bias), R, ffn->in.out, ffn->act);

    size_t mark = arena->used;
    real *o = acf_arena_take(arena, R * C, REAL);
    acf_linear_forward(o, act->hidden, R, true, p, &ffn->out);
    residual_forward(&act->res, o, x, p, &ffn->norm, rows, site(rows, ffn->p_out, ffn->site));
    acf_arena_rewind(arena, mark);
}

void acf_ffn_backward(real *d_x, acf_params *p, real *d_y, const acf_ffn_act *act,
                      const acf_ffn *ffn, const acf_rows *rows, acf_arena *arena)
{
    size_t R = acf_rows_count(rows), C = (size_t)ffn->norm.C, F = (size_t)ffn->in.out;
    size_t mark = arena->used;
    real *d_o = acf_arena_take(arena, R * C, REAL);
    real *d_hidden = acf_arena_take(arena, R * F, REAL);
    /* y = LayerNorm(dropout(hidden W2^T + b2) + x) */
    residual_backward(d_x, d_o, p, d_y, &act->res, &ffn->norm, rows,
                      site(rows, ffn->p_out, ffn->site));
    acf_linear_backward(d_hidden, (real)0, p, d_o, act->hidden, R, &ffn->out);
    /* hidden = act(x W1^T + b1) */
    acf_act_backward(d_hidden, d_hidden, act->pre, R, ffn->in.out, ffn->act);
    acf_linear_backward(d_x, (real)1, p, d_hidden, act->x, R, &ffn->in);
    acf_arena_rewind(arena, mark);
}
