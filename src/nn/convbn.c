#include "nn/convbn.h"

#include "num/threads.h"

#define REAL sizeof(real)

acf_status acf_convbn_plan(acf_convbn *c, acf_params *p, acf_convbn_names names, int layer,
                           acf_error *e)
{
    acf_param w = {
        .rank = 4, .dim = {c->Co, c->Ci, c->k, c->k}, .layer = layer, .init = ACF_INIT_HE_FAN_OUT};
    acf_param one = {.rank = 1,
                     .dim = {c->Co},
                     .layer = layer,
                     .flags = ACF_PARAM_NO_DECAY,
                     .init = ACF_INIT_ONE};
    acf_param zero = one;
    zero.init = ACF_INIT_ZERO;
    ACF_TRY(acf_params_add_named(&c->weight, p, names.conv, "weight", w, e));
    ACF_TRY(acf_params_add_named(&c->gamma, p, names.norm, "weight", one, e));
    ACF_TRY(acf_params_add_named(&c->beta, p, names.norm, "bias", zero, e));
    zero.flags = one.flags = ACF_PARAM_STATE;
    ACF_TRY(acf_params_add_named(&c->running_mean, p, names.norm, "running_mean", zero, e));
    return acf_params_add_named(&c->running_var, p, names.norm, "running_var", one, e);
}

static acf_conv_shape shape_of(const acf_convbn *c, int N, int H, int W)
{
    return (acf_conv_shape){.N = N,
                            .Ci = c->Ci,
                            .H = H,
                            .W = W,
                            .Co = c->Co,
                            .k = c->k,
                            .stride = c->stride,
                            .pad = c->pad,
                            .planar = c->planar};
}

static size_t y_len(const acf_convbn *c, int N, int H, int W)
{
    return acf_blocked_len(N, c->Co, acf_conv_out(H, c->k, c->stride, c->pad),
                           acf_conv_out(W, c->k, c->stride, c->pad));
}

size_t acf_convbn_bytes(const acf_convbn *c, int N, int H, int W)
{
    return acf_arena_cost(y_len(c, N, H, W), REAL) +
           4 * acf_arena_cost(acf_blocked_channels(c->Co), REAL) +
           acf_arena_cost((size_t)c->Co, sizeof(acf_moments));
}

size_t acf_convbn_scratch(const acf_convbn *c, int N, int H, int W, bool backward)
{
    acf_conv_shape s = shape_of(c, N, H, W);
    size_t channels = acf_blocked_channels(c->Co);
    size_t bytes = acf_arena_cost((size_t)N * channels, sizeof(acf_plane_stats)) +
                   acf_arena_cost((size_t)c->Co, sizeof(acf_moments)) +
                   acf_arena_cost(acf_conv_forward_scratch(&s, acf_threads_get()), 1);
    if (!backward) return bytes;
    size_t other = 3 * acf_arena_cost(channels, REAL) +
                   acf_arena_cost(acf_conv_backward_scratch(&s, acf_threads_get()), 1);
    return bytes > other ? bytes : other;
}

/* Mean and variance to normalize by: the batch's (kept) or the running ones. */
static void set_scale(acf_convbn_act *a, const acf_plane_stats *stats, const acf_params *p,
                      const acf_convbn *c, acf_arena *arena)
{
    const real *gamma = acf_value(p, c->gamma), *beta = acf_value(p, c->beta);
    acf_moments *moments = a->moments;
    if (moments != NULL) {
        acf_batchnorm_merge(moments, stats, a->shape.N, c->Co, (size_t)a->Ho * (size_t)a->Wo);
    } else {
        const real *mean = acf_value(p, c->running_mean), *var = acf_value(p, c->running_var);
        moments = acf_arena_take(arena, (size_t)c->Co, sizeof *moments);
        for (int k = 0; k < c->Co; k++)
            moments[k] = (acf_moments){.mean = (double)mean[k], .var = (double)var[k]};
    }
    acf_batchnorm_scale(a->scale, a->shift, a->mean, a->rstd, moments, gamma, beta,
                        ACF_BATCHNORM_EPS, c->Co);
}

void acf_convbn_forward(acf_convbn_act *a, acf_conv_input in, const acf_params *p,
                        const acf_convbn *c, int N, int H, int W, bool batch, acf_arena *arena)
{
    size_t channels = acf_blocked_channels(c->Co);
    *a = (acf_convbn_act){.shape = shape_of(c, N, H, W), .in = in};
    a->Ho = acf_conv_out(H, c->k, c->stride, c->pad);
    a->Wo = acf_conv_out(W, c->k, c->stride, c->pad);
    a->y = acf_arena_take(arena, y_len(c, N, H, W), REAL);
    a->scale = acf_arena_take(arena, channels, REAL);
    a->shift = acf_arena_take(arena, channels, REAL);
    a->mean = acf_arena_take(arena, channels, REAL);
    a->rstd = acf_arena_take(arena, channels, REAL);
    batch = batch && acf_trains(p, c->gamma);
    if (batch) a->moments = acf_arena_take(arena, (size_t)c->Co, sizeof *a->moments);

    size_t mark = arena->used;
    acf_plane_stats *stats =
        batch ? acf_arena_take(arena, (size_t)N * channels, sizeof *stats) : NULL;
    void *scratch =
        acf_arena_take(arena, acf_conv_forward_scratch(&a->shape, acf_threads_get()), 1);
    acf_conv_forward(a->y, stats, in, acf_value(p, c->weight), &a->shape, scratch);
    set_scale(a, stats, p, c, arena);
    acf_arena_rewind(arena, mark);
}

void acf_convbn_backward(acf_conv_d_input to, acf_params *p, const real *d_z,
                         const acf_plane_sums *sums, const acf_convbn_act *a, const acf_convbn *c,
                         acf_arena *arena)
{
    size_t mark = arena->used, channels = acf_blocked_channels(c->Co), n = acf_convbn_count(a);
    bool constant = a->moments == NULL;
    acf_conv_d_output from = {.d_z = d_z, .y = a->y};
    real *slope = acf_arena_take(arena, channels, REAL);
    real *by_y = acf_arena_take(arena, channels, REAL);
    real *level = acf_arena_take(arena, channels, REAL);
    acf_batchnorm_backward(slope, by_y, level,
                           acf_trains(p, c->gamma) ? acf_grad(p, c->gamma) : NULL,
                           acf_trains(p, c->beta) ? acf_grad(p, c->beta) : NULL, sums, a->mean,
                           a->rstd, acf_value(p, c->gamma), a->shape.N, c->Co, n, constant);
    from.a = slope;
    from.b = constant ? NULL : by_y;
    from.c = level;
    void *scratch =
        acf_arena_take(arena, acf_conv_backward_scratch(&a->shape, acf_threads_get()), 1);
    acf_conv_backward(acf_trains(p, c->weight) ? acf_grad(p, c->weight) : NULL, to, from, a->in,
                      acf_value(p, c->weight), &a->shape, scratch);
    if (!constant)
        acf_batchnorm_track(acf_value(p, c->running_mean), acf_value(p, c->running_var), a->moments,
                            ACF_BATCHNORM_MOMENTUM, n, c->Co);
    acf_arena_rewind(arena, mark);
}
