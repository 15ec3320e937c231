/* What the network (resnet.c), its shape (resnet_shape.c) and its configuration (resnet_config.c)
 * share. */
#ifndef ACF_ENCODER_RESNET_INTERNAL_H
#define ACF_ENCODER_RESNET_INTERNAL_H

#include "encoder/resnet.h"
#include "nn/convbn.h"

enum { ACF_RESNET_MAX_STAGES = 8 };

typedef enum acf_shortcut {
    ACF_SHORTCUT_IDENTITY,
    ACF_SHORTCUT_PAD, /* option A */
    ACF_SHORTCUT_CONV /* option B */
} acf_shortcut;

typedef struct acf_resnet_block {
    acf_convbn conv[3];
    int n_convs;
    acf_shortcut shortcut;
    acf_convbn project; /* of SHORTCUT_CONV */
    int stage, place;   /* names: stage from 0, place within it */

    /* One batch: */
    int H, W, Ho, Wo;
    const real *x; /* input */
    real *out;
    acf_convbn_act act[3], project_act;
} acf_resnet_block;

typedef struct acf_resnet {
    acf_encoder base;
    bool cifar;      /* stem and names */
    bool bottleneck; /* three convolutions a block */
    acf_shortcut shortcut;
    int width; /* of the stem */
    int stages;
    int hidden[ACF_RESNET_MAX_STAGES]; /* widths of the stages' outputs */
    int depth[ACF_RESNET_MAX_STAGES];  /* blocks of each */
    bool early;                        /* downsample_in_first_stage */
    bool in_first_conv;                /* downsample_in_bottleneck: the stride is the first 1x1's */
    acf_convbn stem;
    acf_resnet_block *block; /* [n_layers] */

    /* One batch: */
    acf_convbn_act stem_act;
    real *stem_out; /* after ReLU, and pool */
    int H, W;       /* of the stem's output */
} acf_resnet;

acf_status acf_resnet_read_config(acf_resnet *m, const cJSON *config, const char *name,
                                  acf_error *e) ACF_MUST_USE;

void acf_resnet_set_names(acf_resnet *m);

static inline acf_resnet *acf_resnet_of(acf_encoder *enc)
{
    return (acf_resnet *)(void *)enc;
}

static inline const acf_resnet *acf_resnet_view(const acf_encoder *enc)
{
    return (const acf_resnet *)(const void *)enc;
}

/* Channels of a block's output. */
static inline int acf_resnet_width(const acf_resnet_block *b)
{
    return b->conv[b->n_convs - 1].Co;
}

/* Sizes of the stem's output. */
void acf_resnet_stem_size(int *H, int *W, const acf_resnet *m, int height, int width);

/* The largest output of the stem or a block, in elements; the same or that of the stem's
 * convolution, before the pool; the most channels. */
typedef struct acf_resnet_extent {
    size_t out, inner;
    size_t channels;
} acf_resnet_extent;

acf_resnet_extent acf_resnet_largest(const acf_resnet *m, int N, int height, int width);

/* Of acf_encoder_ops: plan, bytes, multiply_adds, describe. */
acf_status acf_resnet_plan(acf_encoder *enc, acf_params *p, acf_error *e) ACF_MUST_USE;
size_t acf_resnet_bytes(const acf_encoder *enc, int N, int T, int L, size_t square, bool keep);
double acf_resnet_multiply_adds(const acf_encoder *enc, int N, int T, size_t square);
cJSON *acf_resnet_describe(const acf_encoder *enc, acf_error *e);

#endif
