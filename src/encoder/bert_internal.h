/* What the network (bert.c), its families (bert_family.c) and their configurations (bert_config.c)
 * share. */
#ifndef ACF_ENCODER_BERT_INTERNAL_H
#define ACF_ENCODER_BERT_INTERNAL_H

#include "encoder/bert.h"
#include "nn/sublayer.h"

#include <stdint.h>

/* The slices of one layer, by what they do. */
typedef enum acf_bert_part {
    ACF_BERT_QUERY,
    ACF_BERT_KEY,
    ACF_BERT_VALUE,
    ACF_BERT_ATTENTION_OUT,
    ACF_BERT_ATTENTION_NORM,
    ACF_BERT_FFN_IN,
    ACF_BERT_FFN_OUT,
    ACF_BERT_FFN_NORM,
    ACF_BERT_N_PARTS
} acf_bert_part;

/* In what one family differs from BERT, and what its files call things. */
typedef struct acf_bert_family {
    const char *model_type; /* of config.json */

    bool has_types;         /* adds token type embeddings */
    bool has_projection;    /* embeddings may be of another width: config.json's embedding_size */
    bool position_from_pad; /* positions count from pad_token_id + 1, over tokens that are no
                               padding */
    bool attention_dropout; /* dropout also behind the attention's output */
    bool pooler_dropout;    /* dropout of classifier_dropout before the pooler */
    acf_act pooler_act;

    /* Names of slices: "PREFIX LAYER.l.PART.weight". */
    const char *prefix; /* "bert." */
    const char *layer;  /* "encoder.layer" */
    const char *part[ACF_BERT_N_PARTS];
    const char *pooler;
    const char *head_weight, *head_bias;
    const char *const *ignore;            /* tensors that never are of use */
    const char *const *pooler_tensors;    /* the pooler's, used with that pooling only */
    const char *model_class, *body_class; /* transformers' */

    /* Keys of config.json; NULL: the family has none. */
    const char *key_width, *key_layers, *key_heads, *key_ffn, *key_act;
    const char *key_hidden_dropout, *key_prob_dropout, *key_head_dropout;
    const char *key_eps;
    double head_dropout; /* without the key; -1: that of the hidden layers */
    int pad_id;          /* without pad_token_id */
} acf_bert_family;

/* The family of a model_type, NULL when there is none. */
const acf_bert_family *acf_bert_find_family(const char *model_type);

typedef struct acf_bert_layer {
    acf_attention attention;
    acf_ffn ffn;
    acf_attention_act attention_act;
    acf_ffn_act ffn_act;
} acf_bert_layer;

typedef struct acf_bert_act { /* one batch's activations outside the layers */
    real *embed_xhat, *embed_rstd;
    real *embedded;        /* [T, E] */
    real *x0;              /* [T, C] its projection, or itself */
    int32_t *position;     /* [T] place in its sequence */
    int32_t *type;         /* [T] */
    const real *top;       /* last layer's output [R, C] */
    const real *pooled_in; /* [N, C] input of the pooler: top, or its dropout */
    real *pooled_pre;      /* [N, C] before the activation */
} acf_bert_act;

typedef struct acf_bert {
    acf_encoder base;
    acf_encoder_ops ops; /* bert.c's, with the family's name */
    const acf_bert_family *family;
    int C, A, F;
    int E;         /* width of the embeddings */
    int positions; /* rows of the position table */
    acf_act act;
    double p_hidden, p_prob, eps, init_std;
    double p_classifier; /* -1: null, as the hidden layers */
    int64_t pad_id;
    int word, position, type; /* slice ids */
    acf_norm embed_norm;
    acf_linear project; /* when E is not C */
    acf_linear pooler;
    acf_bert_layer *layer; /* [n_layers] */
    acf_bert_act a;
} acf_bert;

/* Sizes, probabilities and activation from a Hugging Face config.json; dropout as in acf_bert_open.
 * ACF_ERR_FORMAT for a wrong type, ACF_ERR_MODEL for what this code would compute wrongly. */
acf_status acf_bert_read_config(acf_bert *m, const cJSON *config, double dropout, const char *name,
                                acf_error *e) ACF_MUST_USE;

/* m->base.names, for m->base.pooling. */
void acf_bert_set_names(acf_bert *m);

/* acf_encoder_ops.describe. */
cJSON *acf_bert_describe(const acf_encoder *enc, acf_error *e);

#endif
