/* What the network (bert.c) and its configuration (bert_config.c) share. */
#ifndef ACF_ENCODER_BERT_INTERNAL_H
#define ACF_ENCODER_BERT_INTERNAL_H

#include "encoder/bert.h"
#include "nn/sublayer.h"

#include <stdint.h>

typedef struct acf_bert_layer {
    acf_attention attention;
    acf_ffn ffn;
    acf_attention_act attention_act;
    acf_ffn_act ffn_act;
} acf_bert_layer;

typedef struct acf_bert_act { /* one batch's activations outside the layers */
    real *embed_xhat, *embed_rstd;
    real *x0;          /* [T, C] */
    int32_t *position; /* [T] place in its sequence */
    int32_t *type;     /* [T] */
    const real *top;   /* last layer's output [R, C] */
    real *pooled_in;   /* [N, C] input of the pooler */
    real *pooled_pre;  /* [N, C] before tanh */
} acf_bert_act;

typedef struct acf_bert {
    acf_encoder base;
    int C, A, F;
    acf_act act;
    double p_hidden, p_prob, eps, init_std;
    double p_classifier; /* -1: null */
    int64_t pad_id;
    int word, position, type; /* slice ids */
    acf_norm embed_norm;
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
