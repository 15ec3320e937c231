/*
 * The encoder interface: what the trainer knows of a network that turns examples into features.
 *
 * A network (bert.c, resnet.c) fills an acf_encoder, for one family or several.  It declares its
 * parameters in the caller's block, tells its memory need beforehand, and maps an acf_input to
 * features [N, d]; it knows no labels and no loss.
 */
#ifndef ACF_ENCODER_ENCODER_H
#define ACF_ENCODER_ENCODER_H

#include "base/arena.h"
#include "base/status.h"
#include "nn/names.h"
#include "nn/params.h"
#include "num/real.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One packed batch, or a piece of one.  Arrays are the caller's. */
typedef struct acf_input {
    int N; /* examples */
    int T; /* tokens in all (text) */

    const int32_t *ids;   /* [T] token ids */
    const int32_t *types; /* [T] token types; NULL: all 0 */
    const int32_t *start; /* [N + 1] first row of each sequence; start[N] = T */

    const real *pixels; /* [N, channels, height, width], normalized (images) */
    int channels, height, width;

    /* What came before this piece in the whole batch: keys dropout. */
    uint64_t example0; /* examples */
    uint64_t token0;   /* tokens */
    uint64_t square0;  /* sum of squared sequence lengths */
} acf_input;

/* How to run: dropout on with its keys, and whether to keep what the backward pass needs. */
typedef struct acf_pass {
    bool train;    /* dropout, batch statistics */
    bool keep;     /* a backward pass follows */
    uint64_t seed; /* the run's */
    uint64_t step; /* the update's number */
} acf_pass;

typedef enum acf_pooling {
    ACF_POOL_POOLER, /* act(W h[CLS] + b), act and dropout by family: bert.h */
    ACF_POOL_CLS,    /* h[CLS] */
    ACF_POOL_MEAN,   /* mean over all tokens */
    ACF_POOL_GAP     /* global average pool (images) */
} acf_pooling;

/*
 * A network on disk.  The encoder fills it when it opens, for its configuration and pooling; all
 * strings are static.  Slices bear the names that transformers (or torchvision) writes; the rules
 * say what else a file may hold.
 */
typedef struct acf_encoder_names {
    acf_name_rules rules;
    const char *const *unused; /* patterns of tensors that this pooling does not use; may be NULL */
    const char *head_weight;   /* slices of the head: "classifier.weight" */
    const char *head_bias;
    const char *model_class; /* transformers' class of encoder and head together, NULL: none */
    const char *body_class;  /* its class of the encoder alone, NULL: none */
} acf_encoder_names;

typedef struct acf_encoder acf_encoder;

typedef struct acf_encoder_ops {
    const char *family; /* "bert" */

    /* Declare all slices in p (before acf_params_alloc). */
    acf_status (*plan)(acf_encoder *enc, acf_params *p, acf_error *e);

    /* Upper bound of arena bytes for N examples, T tokens, longest sequence L, sum of squared
     * lengths `square`; keep as in acf_pass. */
    size_t (*bytes)(const acf_encoder *enc, int N, int T, int L, size_t square, bool keep);

    /* features [N, d].  With pass->keep, activations stay in the arena for one backward call; else
     * the arena is rewound. */
    void (*forward)(acf_encoder *enc, real *features, const acf_params *p, const acf_input *in,
                    const acf_pass *pass, acf_arena *arena);

    /* Adds to p->grad the gradient for d_features [N, d] (overwritten); same p, in, pass and
     * arena as the forward call before it. */
    void (*backward)(acf_encoder *enc, acf_params *p, real *d_features, const acf_input *in,
                     const acf_pass *pass, acf_arena *arena);

    /* The Hugging Face config.json of this network without labels; the caller deletes it.  NULL on
     * failure (memory). */
    cJSON *(*describe)(const acf_encoder *enc, acf_error *e);

    /* Multiply-adds of the matrix products of one forward pass, as the reference implementation
     * does them without padding. */
    double (*multiply_adds)(const acf_encoder *enc, int N, int T, size_t square);

    void (*close)(acf_encoder *enc);
} acf_encoder_ops;

/* Common head of every family's struct. */
struct acf_encoder {
    const acf_encoder_ops *ops;
    int d;          /* width of the features */
    int n_layers;   /* numbered 1 .. n_layers in acf_param.layer */
    int vocab_size; /* token ids are below it (text) */
    int max_length; /* longest sequence that the position table allows (text) */
    int n_types;    /* token types are below it (text) */
    int channels;   /* of images: 1 or 3; 0: a text encoder */
    int image_size; /* side of the images in pixels; the caller may set another before planning */

    /* The network normalizes over the batch: pieces of a batch are not the batch.  With
     * running_statistics set it normalizes by those in training too, and leaves them alone. */
    bool batch_statistics;
    bool running_statistics;

    acf_pooling pooling;
    double head_dropout; /* classifier_dropout, or hidden dropout where null */
    acf_encoder_names names;
};

#endif
