/*
 * A whole model: encoder, tokenizer, classification head and the names of its labels.
 *
 * The head is W [K, d] and b [K], the last two slices of the block, under the names that the
 * encoder's family gives them; the rows of W are the label embeddings.  On disk a model is a
 * Hugging Face model directory (model_dir.h).
 */
#ifndef ACF_MODEL_MODEL_H
#define ACF_MODEL_MODEL_H

#include "base/log.h"
#include "data/image_prep.h"
#include "encoder/families.h"
#include "loss/objective.h"
#include "nn/params.h"
#include "text/tokenizer.h"

/* Number of the dropout before the classifier; encoders number theirs from 0. */
#define ACF_HEAD_DROPOUT_SITE 4096u

typedef struct acf_model {
    acf_encoder *enc;
    acf_params params;
    int W, b;            /* slice ids */
    int K;               /* 1: a regression, whose answer is the logit, as transformers has it */
    bool is_new_head;    /* W and b were drawn, not read */
    char **labels;       /* [K] names by id */
    acf_tokenizer *tok;  /* NULL for images */
    acf_image_prep prep; /* of images */
    int max_length;      /* tokens a text is cut to */
    bool pair;           /* trained on pairs of texts */
    double tau;          /* of the label head's probabilities */
    acf_head head;       /* which head answers */
    cJSON *card;         /* acf.json as it was read or will be written; NULL: a foreign model */
} acf_model;

/* Declare the slices of encoder and head.  enc and K are set by the caller before. */
acf_status acf_model_plan(acf_model *m, acf_error *e) ACF_MUST_USE;

/* acf_model_plan, unless that is done; take memory (gradients only when with_grad) and draw all
 * slices from their initial distributions. */
acf_status acf_model_alloc(acf_model *m, uint64_t seed, bool with_grad, acf_error *e) ACF_MUST_USE;

/* Copies of K label names; replaces earlier ones. */
acf_status acf_model_set_labels(acf_model *m, char *const *labels, int K,
                                acf_error *e) ACF_MUST_USE;

/* Add n classes: names, and rows [n, d] of W; their biases are the mean of those there are.  For a
 * model without gradients.  m is as before on failure. */
acf_status acf_model_grow_head(acf_model *m, const char *const *names, const real *rows, int n,
                               acf_error *e) ACF_MUST_USE;

/* Mark the embeddings and the n lowest layers as frozen (n = 0: nothing). */
acf_status acf_model_freeze(acf_model *m, int n_layers, acf_error *e) ACF_MUST_USE;

void acf_model_free(acf_model *m);

/* Arena bytes that acf_model_infer takes for a batch of at most this size. */
size_t acf_model_infer_bytes(const acf_model *m, int N, int T, int L, size_t square);

/* Features [N, d], logits W h + b [N, K] and cosines to the label embeddings [N, K] of one batch,
 * without dropout.  The arena is left as it was. */
void acf_model_infer(acf_model *m, real *features, real *logits, real *cosines, const acf_input *in,
                     acf_arena *arena);

#endif
