#include "encoder/resnet_internal.h"

#include "base/assert.h"
#include "base/mem.h"
#include "num/pool2d.h"

#include <stdio.h>

#define REAL sizeof(real)

static acf_resnet *self(acf_encoder *enc)
{
    return (acf_resnet *)(void *)enc;
}

static const acf_resnet *const_self(const acf_encoder *enc)
{
    return (const acf_resnet *)(const void *)enc;
}

static acf_convbn conv_of(int Ci, int Co, int k, int stride)
{
    return (acf_convbn){.Ci = Ci, .Co = Co, .k = k, .stride = stride, .pad = k / 2};
}

/* "layer1.0.conv1" and "layer1.0.bn1" as torchvision, or as transformers; which < 0: the shortcut.
 */
static acf_status plan_conv(acf_convbn *c, acf_params *p, const acf_resnet *m,
                            const acf_resnet_block *b, int which, int layer, acf_error *e)
{
    char conv[ACF_PARAM_NAME_MAX], norm[ACF_PARAM_NAME_MAX];
    int stage = b->stage, place = b->place;
    if (m->cifar && which < 0) {
        (void)snprintf(conv, sizeof conv, "layer%d.%d.downsample.0", stage + 1, place);
        (void)snprintf(norm, sizeof norm, "layer%d.%d.downsample.1", stage + 1, place);
    } else if (m->cifar) {
        (void)snprintf(conv, sizeof conv, "layer%d.%d.conv%d", stage + 1, place, which + 1);
        (void)snprintf(norm, sizeof norm, "layer%d.%d.bn%d", stage + 1, place, which + 1);
    } else {
        char part[32];
        (void)snprintf(part, sizeof part, which < 0 ? "shortcut" : "layer.%d", which);
        (void)snprintf(conv, sizeof conv, "resnet.encoder.stages.%d.layers.%d.%s.convolution",
                       stage, place, part);
        (void)snprintf(norm, sizeof norm, "resnet.encoder.stages.%d.layers.%d.%s.normalization",
                       stage, place, part);
    }
    return acf_convbn_plan(c, p, (acf_convbn_names){.conv = conv, .norm = norm}, layer, e);
}

/* Convolutions of block b, Ci -> Co. */
static void shape_block(acf_resnet_block *b, const acf_resnet *m, int Ci, int Co, int stride)
{
    if (m->bottleneck) {
        int inner = Co / 4, first = m->in_first_conv ? stride : 1;
        b->n_convs = 3;
        b->conv[0] = conv_of(Ci, inner, 1, first);
        b->conv[1] = conv_of(inner, inner, 3, stride / first);
        b->conv[2] = conv_of(inner, Co, 1, 1);
    } else {
        b->n_convs = 2;
        b->conv[0] = conv_of(Ci, Co, 3, stride);
        b->conv[1] = conv_of(Co, Co, 3, 1);
    }
    b->shortcut = Ci == Co && stride == 1 ? ACF_SHORTCUT_IDENTITY : m->shortcut;
    if (b->shortcut == ACF_SHORTCUT_CONV) b->project = conv_of(Ci, Co, 1, stride);
}

static acf_status resnet_plan(acf_encoder *enc, acf_params *p, acf_error *e)
{
    acf_resnet *m = self(enc);
    acf_convbn_names cifar = {"conv1", "bn1"}, other = {"resnet.embedder.embedder.convolution",
                                                        "resnet.embedder.embedder.normalization"};
    m->stem = conv_of(enc->channels, m->width, m->cifar ? 3 : 7, m->cifar ? 1 : 2);
    m->stem.planar = true;
    ACF_TRY(acf_convbn_plan(&m->stem, p, m->cifar ? cifar : other, 0, e));
    int C = m->width, l = 0;
    for (int stage = 0; stage < m->stages; stage++)
        for (int place = 0; place < m->depth[stage]; place++, l++) {
            acf_resnet_block *b = &m->block[l];
            int stride = place == 0 && (stage > 0 || m->early) ? 2 : 1;
            *b = (acf_resnet_block){.stage = stage, .place = place};
            shape_block(b, m, C, m->hidden[stage], stride);
            C = m->hidden[stage];
            for (int k = 0; k < b->n_convs; k++)
                ACF_TRY(plan_conv(&b->conv[k], p, m, b, k, l + 1, e));
            if (b->shortcut == ACF_SHORTCUT_CONV)
                ACF_TRY(plan_conv(&b->project, p, m, b, -1, l + 1, e));
        }
    return ACF_OK;
}

static int out_of(const acf_convbn *c, int size)
{
    return acf_conv_out(size, c->k, c->stride, c->pad);
}

static int width_of(const acf_resnet_block *b)
{
    return b->conv[b->n_convs - 1].Co;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* What one block takes: kept activations, its output, and for a moment. */
typedef struct block_bytes {
    size_t kept, out, moment;
} block_bytes;

static block_bytes bytes_of_block(const acf_resnet_block *b, int N, int H, int W, bool keep)
{
    block_bytes n = {0};
    size_t scratch = 0; /* of one convolution at a time */
    int h = H, w = W;
    for (int k = 0; k < b->n_convs; k++) {
        const acf_convbn *c = &b->conv[k];
        scratch = larger(scratch, acf_convbn_scratch(c, N, h, w, keep));
        n.kept += acf_convbn_bytes(c, N, h, w);
        h = out_of(c, h);
        w = out_of(c, w);
        if (keep) /* gradient of what lies between, and its sums */
            n.moment +=
                acf_arena_cost(acf_blocked_len(N, c->Co, h, w), REAL) +
                acf_arena_cost((size_t)N * acf_blocked_channels(c->Co), sizeof(acf_plane_sums));
    }
    if (b->shortcut == ACF_SHORTCUT_CONV) {
        n.kept += acf_convbn_bytes(&b->project, N, H, W);
        scratch = larger(scratch, acf_convbn_scratch(&b->project, N, H, W, keep));
        n.moment +=
            acf_arena_cost((size_t)N * acf_blocked_channels(b->project.Co), sizeof(acf_plane_sums));
    }
    n.moment += scratch;
    n.out = acf_arena_cost(acf_blocked_len(N, width_of(b), h, w), REAL);
    return n;
}

/* The largest output of the stem or a block, in elements; the same or that of the stem's
 * convolution, before the pool; the most channels. */
typedef struct extent {
    size_t out, inner;
    size_t channels;
} extent;

/* Sizes of the stem's output. */
static void stem_size(int *H, int *W, const acf_resnet *m, int height, int width)
{
    *H = out_of(&m->stem, height);
    *W = out_of(&m->stem, width);
    if (m->cifar) return;
    *H = (*H + 1) / 2; /* the max pool */
    *W = (*W + 1) / 2;
}

static void block_size(int *H, int *W, const acf_resnet_block *b)
{
    for (int k = 0; k < b->n_convs; k++) {
        *H = out_of(&b->conv[k], *H);
        *W = out_of(&b->conv[k], *W);
    }
}

static extent largest(const acf_resnet *m, int N, int height, int width)
{
    int H, W;
    stem_size(&H, &W, m, height, width);
    extent e = {.out = acf_blocked_len(N, m->width, H, W),
                .inner =
                    acf_blocked_len(N, m->width, out_of(&m->stem, height), out_of(&m->stem, width)),
                .channels = acf_blocked_channels(m->width)};
    for (int l = 0; l < m->base.n_layers; l++) {
        block_size(&H, &W, &m->block[l]);
        e.out = larger(e.out, acf_blocked_len(N, width_of(&m->block[l]), H, W));
        e.channels = larger(e.channels, acf_blocked_channels(width_of(&m->block[l])));
    }
    e.inner = larger(e.inner, e.out);
    return e;
}

static size_t resnet_bytes(const acf_encoder *enc, int N, int T, int L, size_t square, bool keep)
{
    const acf_resnet *m = const_self(enc);
    (void)T, (void)L, (void)square;
    int H, W, size = enc->image_size;
    extent most = largest(m, N, size, size);
    size_t out = acf_arena_cost(most.out, REAL), inner = acf_arena_cost(most.inner, REAL);
    size_t stem = acf_convbn_bytes(&m->stem, N, size, size);
    size_t kept = keep ? stem : 0;
    size_t moment = acf_convbn_scratch(&m->stem, N, size, size, keep) + (keep ? inner : stem);
    stem_size(&H, &W, m, size, size);
    if (keep) kept += acf_arena_cost(acf_blocked_len(N, m->width, H, W), REAL);
    for (int l = 0; l < enc->n_layers; l++) {
        block_bytes n = bytes_of_block(&m->block[l], N, H, W, keep);
        block_size(&H, &W, &m->block[l]);
        kept += keep ? n.kept + n.out : 0;
        moment = larger(moment, n.moment + (keep ? 0 : n.kept));
    }
    /* Two outputs alternate, or two gradients and their sums. */
    if (!keep) return moment + 2 * out;
    return kept + moment + 2 * inner +
           2 * acf_arena_cost((size_t)N * most.channels, sizeof(acf_plane_sums));
}

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
    stem_size(&m->H, &m->W, m, in->height, in->width);
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
    int C = width_of(b);
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
    acf_resnet *m = self(enc);
    ACF_ASSERT(in->channels == enc->channels && in->height == enc->image_size &&
               in->width == enc->image_size);
    acf_params params = *p; /* a view: nothing of it is changed here */
    run r = {.m = m, .p = &params, .pass = pass, .arena = arena, .N = in->N};
    r.batch = pass->train && !enc->running_statistics;
    size_t begin = arena->used;
    real *between[2] = {NULL, NULL}; /* outputs, when nothing is kept */
    if (!pass->keep)
        for (int i = 0; i < 2; i++)
            between[i] = acf_arena_take(arena, largest(m, in->N, in->height, in->width).out, REAL);
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
    int C = width_of(b);
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
    acf_resnet *m = self(enc);
    run r = {.m = m, .p = p, .pass = pass, .arena = arena, .N = in->N};
    extent most = largest(m, in->N, in->height, in->width);
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

static double multiplies_of(const acf_convbn *c, int H, int W)
{
    return (double)out_of(c, H) * out_of(c, W) * c->Co * c->Ci * c->k * c->k;
}

static double resnet_multiply_adds(const acf_encoder *enc, int N, int T, size_t square)
{
    const acf_resnet *m = const_self(enc);
    (void)T, (void)square;
    int H, W, size = enc->image_size;
    double sum = multiplies_of(&m->stem, size, size);
    stem_size(&H, &W, m, size, size);
    for (int l = 0; l < enc->n_layers; l++) {
        const acf_resnet_block *b = &m->block[l];
        if (b->shortcut == ACF_SHORTCUT_CONV) sum += multiplies_of(&b->project, H, W);
        for (int k = 0; k < b->n_convs; k++) {
            sum += multiplies_of(&b->conv[k], H, W);
            H = out_of(&b->conv[k], H);
            W = out_of(&b->conv[k], W);
        }
    }
    return N * sum;
}

static void resnet_close(acf_encoder *enc)
{
    if (enc == NULL) return;
    acf_free(self(enc)->block);
    acf_free(enc);
}

static const acf_encoder_ops resnet_ops = {
    .family = "resnet",
    .plan = resnet_plan,
    .bytes = resnet_bytes,
    .forward = resnet_forward,
    .backward = resnet_backward,
    .describe = acf_resnet_describe,
    .multiply_adds = resnet_multiply_adds,
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
