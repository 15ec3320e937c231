#include "encoder/resnet_internal.h"

#include "base/assert.h"
#include "base/mem.h"
#include "num/pool2d.h"

#define REAL sizeof(real)

/* One pass: what all its functions need. */
typedef struct run {
    acf_resnet *m;
    acf_params *p;
    const acf_pass *pass;
    acf_arena *arena;
    int N;
    bool batch; /* normalize by the statistics of the batch */
} run;

static void stem_forward(const run *r, const acf_input *in, real *out)
{
    acf_resnet *m = r->m;
    acf_convbn_act *a = &m->stem_act;
    acf_convbn_forward(a, (acf_conv_input){.x = in->pixels}, r->p, &m->stem, r->N, in->height,
                       in->width, r->batch, r->arena);
    acf_resnet_stem_size(&m->H, &m->W, m, in->height, in->width);
    if (out == NULL)
        out = acf_arena_take(r->arena, acf_blocked_len(r->N, m->width, m->H, m->W), REAL);
    if (m->cifar)
        acf_batchnorm_join(out, a->y, a->scale, a->shift, NULL, NULL, NULL, r->N, m->width,
                           (size_t)m->H * (size_t)m->W);
    else
        acf_pool_max_forward(out, acf_convbn_output(a), r->N, m->width, a->Ho, a->Wo);
    m->stem_out = out;
}

/* x_l = relu(F(x) + shortcut(x)) */
static void block_forward(const run *r, acf_resnet_block *b, const real *x, int H, int W, real *out)
{
    acf_conv_input in = {.x = x}, h = in;
    b->x = x;
    b->H = b->Ho = H;
    b->W = b->Wo = W;
    for (int k = 0; k < b->n_convs; k++) {
        acf_convbn_forward(&b->act[k], h, r->p, &b->conv[k], r->N, b->Ho, b->Wo, r->batch,
                           r->arena);
        h = acf_convbn_output(&b->act[k]);
        b->Ho = b->act[k].Ho;
        b->Wo = b->act[k].Wo;
    }
    int C = acf_resnet_width(b);
    const real *rest = x, *scale = NULL, *shift = NULL;
    if (b->shortcut == ACF_SHORTCUT_CONV) {
        acf_convbn_forward(&b->project_act, in, r->p, &b->project, r->N, H, W, r->batch, r->arena);
        rest = b->project_act.y;
        scale = b->project_act.scale;
        shift = b->project_act.shift;
    }
    if (out == NULL) out = acf_arena_take(r->arena, acf_blocked_len(r->N, C, b->Ho, b->Wo), REAL);
    if (b->shortcut == ACF_SHORTCUT_PAD) {
        acf_subsample_forward(out, x, r->N, b->conv[0].Ci, C, H, W);
        rest = out;
    }
    acf_batchnorm_join(out, h.x, h.scale, h.shift, rest, scale, shift, r->N, C,
                       (size_t)b->Ho * (size_t)b->Wo);
    b->out = out;
}

static void resnet_forward(acf_encoder *enc, real *features, const acf_params *p,
                           const acf_input *in, const acf_pass *pass, acf_arena *arena)
{
    acf_resnet *m = acf_resnet_of(enc);
    ACF_ASSERT(in->channels == enc->channels && in->height == enc->image_size &&
               in->width == enc->image_size);
    acf_params params = *p; /* a view: nothing of it is changed here */
    run r = {.m = m, .p = &params, .pass = pass, .arena = arena, .N = in->N};
    r.batch = pass->train && !enc->running_statistics;
    size_t begin = arena->used;
    real *between[2] = {NULL, NULL}; /* outputs, when nothing is kept */
    if (!pass->keep)
        for (int i = 0; i < 2; i++)
            between[i] = acf_arena_take(
                arena, acf_resnet_largest(m, in->N, in->height, in->width).out, REAL);
    size_t mark = arena->used;
    stem_forward(&r, in, between[0]);
    const real *x = m->stem_out;
    int H = m->H, W = m->W;
    for (int l = 0; l < enc->n_layers; l++) {
        acf_resnet_block *b = &m->block[l];
        if (!pass->keep) acf_arena_rewind(arena, mark);
        block_forward(&r, b, x, H, W, between[(l + 1) % 2]);
        x = b->out;
        H = b->Ho;
        W = b->Wo;
    }
    acf_pool_global_forward(features, x, in->N, enc->d, (size_t)H * (size_t)W);
    if (!pass->keep) acf_arena_rewind(arena, begin);
}

/* A gradient on its way down: of a block's output before its ReLU, with the sums that the last
 * normalization of the block wants. */
typedef struct gradient {
    real *d;
    acf_plane_sums *sums;
} gradient;

/* Where the gradient of the input of a convolution goes, when that input is relu(z) of `below`, or
 * of z + shortcut. */
static acf_conv_d_input to_below(gradient g, const acf_convbn_act *below)
{
    if (below == NULL) return (acf_conv_d_input){.d_x = g.d}; /* the max pool is below */
    return (acf_conv_d_input){
        .d_x = g.d, .mask = true, .y = below->y, .mean = below->mean, .sums = g.sums};
}

/* The gradient of F's layers but the first; returns that of the first one's z. */
static gradient inner_backward(const run *r, const acf_resnet_block *b, gradient g)
{
    for (int k = b->n_convs - 1; k > 0; k--) {
        const acf_convbn_act *below = &b->act[k - 1];
        int C = b->conv[k - 1].Co;
        gradient next = {
            .d = acf_arena_take(r->arena, acf_blocked_len(r->N, C, below->Ho, below->Wo), REAL),
            .sums = acf_arena_take(r->arena, (size_t)r->N * acf_blocked_channels(C),
                                   sizeof(acf_plane_sums))};
        acf_convbn_backward(to_below(next, below), r->p, g.d, g.sums, &b->act[k], &b->conv[k],
                            r->arena);
        g = next;
    }
    return g;
}

/* d x += through the shortcut, from g; target is g itself for the identity. */
static void shortcut_backward(const run *r, const acf_resnet_block *b, real *target, gradient g)
{
    int C = acf_resnet_width(b);
    if (b->shortcut == ACF_SHORTCUT_PAD && target != NULL)
        acf_subsample_backward(target, g.d, r->N, b->conv[0].Ci, C, b->H, b->W);
    if (b->shortcut != ACF_SHORTCUT_CONV) return;
    const acf_convbn_act *a = &b->project_act;
    acf_plane_sums *sums =
        acf_arena_take(r->arena, (size_t)r->N * acf_blocked_channels(C), sizeof *sums);
    acf_conv_d_input to = {.d_x = g.d, .y = a->y, .mean = a->mean, .sums = sums};
    acf_conv_finish_batch(to, (acf_conv_input){.x = g.d}, r->N, C, b->Ho, b->Wo);
    acf_convbn_backward((acf_conv_d_input){.d_x = target}, r->p, g.d, sums, a, &b->project,
                        r->arena);
}

/* From g to the gradient of what is below: in g's own array for an identity, else in `other`.
 * wanted: false when nothing below trains. */
static gradient block_backward(const run *r, const acf_resnet_block *b, gradient g, gradient other,
                               const acf_convbn_act *below, bool wanted)
{
    size_t mark = r->arena->used;
    gradient first = inner_backward(r, b, g), next = other;
    if (b->shortcut == ACF_SHORTCUT_IDENTITY) next.d = g.d;
    shortcut_backward(r, b, wanted ? next.d : NULL, g);
    acf_conv_d_input to = {0};
    if (wanted) to = to_below(next, below);
    to.add = true;
    acf_convbn_backward(to, r->p, first.d, first.sums, &b->act[0], &b->conv[0], r->arena);
    acf_arena_rewind(r->arena, mark);
    return next;
}

static void stem_backward(const run *r, gradient g)
{
    acf_resnet *m = r->m;
    const acf_convbn_act *a = &m->stem_act;
    if (!m->cifar) {
        acf_conv_input in = acf_convbn_output(a);
        real *d = acf_arena_take(r->arena, acf_blocked_len(r->N, m->width, a->Ho, a->Wo), REAL);
        acf_pool_max_backward(d, g.d, m->stem_out, in, r->N, m->width, a->Ho, a->Wo);
        g.d = d;
        acf_conv_finish_batch(to_below(g, a), in, r->N, m->width, a->Ho, a->Wo);
    }
    acf_convbn_backward((acf_conv_d_input){0}, r->p, g.d, g.sums, a, &m->stem, r->arena);
}

static void resnet_backward(acf_encoder *enc, acf_params *p, real *d_features, const acf_input *in,
                            const acf_pass *pass, acf_arena *arena)
{
    acf_resnet *m = acf_resnet_of(enc);
    run r = {.m = m, .p = p, .pass = pass, .arena = arena, .N = in->N};
    acf_resnet_extent most = acf_resnet_largest(m, in->N, in->height, in->width);
    gradient g[2];
    for (int i = 0; i < 2; i++) {
        g[i].d = acf_arena_take(arena, most.inner, REAL);
        g[i].sums = acf_arena_take(arena, (size_t)in->N * most.channels, sizeof *g[i].sums);
    }
    const acf_resnet_block *top = &m->block[enc->n_layers - 1];
    size_t pixels = (size_t)top->Ho * (size_t)top->Wo;
    acf_pool_global_backward(g[0].d, d_features, in->N, enc->d, pixels);
    acf_conv_finish_batch(to_below(g[0], &top->act[top->n_convs - 1]),
                          (acf_conv_input){.x = top->out}, in->N, enc->d, top->Ho, top->Wo);
    for (int l = enc->n_layers - 1; l >= 0; l--) {
        const acf_resnet_block *b = &m->block[l], *lower = l > 0 ? b - 1 : NULL;
        if (!acf_trains(p, b->conv[0].weight)) return; /* nor does anything below */
        bool wanted = acf_trains(p, lower != NULL ? lower->conv[0].weight : m->stem.weight);
        const acf_convbn_act *below = lower != NULL ? &lower->act[lower->n_convs - 1]
                                      : m->cifar    ? &m->stem_act
                                                    : NULL;
        gradient next = block_backward(&r, b, g[0], g[1], below, wanted);
        if (next.d == g[0].d) { /* in place; only the sums changed sides */
            g[1].sums = g[0].sums;
        } else {
            g[1] = g[0];
        }
        g[0] = next;
    }
    if (acf_trains(p, m->stem.weight)) stem_backward(&r, g[0]);
}

static void resnet_close(acf_encoder *enc)
{
    if (enc == NULL) return;
    acf_free(acf_resnet_of(enc)->block);
    acf_free(enc);
}

static const acf_encoder_ops resnet_ops = {
    .family = "resnet",
    .plan = acf_resnet_plan,
    .bytes = acf_resnet_bytes,
    .forward = resnet_forward,
    .backward = resnet_backward,
    .describe = acf_resnet_describe,
    .multiply_adds = acf_resnet_multiply_adds,
    .close = resnet_close,
};

acf_status acf_resnet_open(acf_encoder **out, const cJSON *config, acf_pooling pooling,
                           double dropout, const char *name, acf_error *e)
{
    *out = NULL;
    acf_resnet *m = acf_alloc(1, sizeof *m, "encoder", e);
    if (m == NULL) return ACF_ERR_RESOURCE;
    m->base.ops = &resnet_ops;
    m->base.pooling = pooling;
    m->base.batch_statistics = true;
    m->base.head_dropout = dropout >= 0 ? dropout : 0;
    acf_status st = ACF_OK;
    if (pooling != ACF_POOL_GAP)
        st = acf_fail(e, ACF_ERR_USAGE,
                      "model.pooling: a ResNet has 'gap' only, the mean over all pixels");
    if (st == ACF_OK)
        st = acf_reclass(acf_resnet_read_config(m, config, name, e), ACF_ERR_MODEL, e);
    if (st == ACF_OK) {
        acf_resnet_set_names(m);
        for (int s = 0; s < m->stages; s++)
            m->base.n_layers += m->depth[s];
        m->base.d = m->hidden[m->stages - 1];
        m->block = acf_alloc((size_t)m->base.n_layers, sizeof *m->block, "blocks", e);
        if (m->block == NULL) st = ACF_ERR_RESOURCE;
    }
    if (st != ACF_OK) {
        resnet_close(&m->base);
        return st;
    }
    *out = &m->base;
    return ACF_OK;
}
