/* What a ResNet is made of: its convolutions and their names, sizes, memory, work. */
#include "encoder/resnet_internal.h"

#include <stdio.h>

#define REAL sizeof(real)

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

acf_status acf_resnet_plan(acf_encoder *enc, acf_params *p, acf_error *e)
{
    acf_resnet *m = acf_resnet_of(enc);
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
    n.out = acf_arena_cost(acf_blocked_len(N, acf_resnet_width(b), h, w), REAL);
    return n;
}

void acf_resnet_stem_size(int *H, int *W, const acf_resnet *m, int height, int width)
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

acf_resnet_extent acf_resnet_largest(const acf_resnet *m, int N, int height, int width)
{
    int H, W;
    acf_resnet_stem_size(&H, &W, m, height, width);
    acf_resnet_extent e = {
        .out = acf_blocked_len(N, m->width, H, W),
        .inner = acf_blocked_len(N, m->width, out_of(&m->stem, height), out_of(&m->stem, width)),
        .channels = acf_blocked_channels(m->width)};
    for (int l = 0; l < m->base.n_layers; l++) {
        block_size(&H, &W, &m->block[l]);
        e.out = larger(e.out, acf_blocked_len(N, acf_resnet_width(&m->block[l]), H, W));
        e.channels = larger(e.channels, acf_blocked_channels(acf_resnet_width(&m->block[l])));
    }
    e.inner = larger(e.inner, e.out);
    return e;
}

size_t acf_resnet_bytes(const acf_encoder *enc, int N, int T, int L, size_t square, bool keep)
{
    const acf_resnet *m = acf_resnet_view(enc);
    (void)T, (void)L, (void)square;
    int H, W, size = enc->image_size;
    acf_resnet_extent most = acf_resnet_largest(m, N, size, size);
    size_t out = acf_arena_cost(most.out, REAL), inner = acf_arena_cost(most.inner, REAL);
    size_t stem = acf_convbn_bytes(&m->stem, N, size, size);
    size_t kept = keep ? stem : 0;
    size_t moment = acf_convbn_scratch(&m->stem, N, size, size, keep) + (keep ? inner : stem);
    acf_resnet_stem_size(&H, &W, m, size, size);
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

static double multiplies_of(const acf_convbn *c, int H, int W)
{
    return (double)out_of(c, H) * out_of(c, W) * c->Co * c->Ci * c->k * c->k;
}

double acf_resnet_multiply_adds(const acf_encoder *enc, int N, int T, size_t square)
{
    const acf_resnet *m = acf_resnet_view(enc);
    (void)T, (void)square;
    int H, W, size = enc->image_size;
    double sum = multiplies_of(&m->stem, size, size);
    acf_resnet_stem_size(&H, &W, m, size, size);
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
