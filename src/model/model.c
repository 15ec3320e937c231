#include "model/model.h"

#include "base/json.h"
#include "base/mem.h"
#include "num/gemm.h"
#include "num/norm.h"

#include <stdio.h>
#include <string.h>

static acf_status plan_head(acf_model *m, acf_error *e)
{
    int layer = m->enc->n_layers + 1;
    const acf_encoder_names *names = &m->enc->names;
    acf_param W = {.rank = 2,
                   .dim = {m->K, m->enc->d},
                   .group = ACF_GROUP_HEAD,
                   .layer = layer,
                   .init = ACF_INIT_NORMAL,
                   .init_std = 0.02};
    acf_param b = {.rank = 1,
                   .dim = {m->K},
                   .group = ACF_GROUP_HEAD,
                   .flags = ACF_PARAM_NO_DECAY,
                   .layer = layer};
    (void)snprintf(W.name, sizeof W.name, "%s", names->head_weight);
    (void)snprintf(b.name, sizeof b.name, "%s", names->head_bias);
    ACF_TRY(acf_params_add(&m->W, &m->params, W, e));
    return acf_params_add(&m->b, &m->params, b, e);
}

acf_status acf_model_plan(acf_model *m, acf_error *e)
{
    ACF_TRY(m->enc->ops->plan(m->enc, &m->params, e));
    return plan_head(m, e);
}

acf_status acf_model_alloc(acf_model *m, uint64_t seed, bool with_grad, acf_error *e)
{
    if (m->params.n == 0) ACF_TRY(acf_model_plan(m, e));
    ACF_TRY(acf_params_alloc(&m->params, with_grad, e));
    for (size_t i = 0; i < m->params.n; i++)
        acf_params_init_slice(&m->params, (int)i, seed);
    m->is_new_head = true;
    return ACF_OK;
}

static void free_labels(acf_model *m)
{
    for (int k = 0; m->labels != NULL && k < m->K; k++)
        acf_free(m->labels[k]);
    acf_free(m->labels);
    m->labels = NULL;
}

/* What m holds, into the larger model `to`, whose slices are the same but for the head's. */
static void copy_grown(acf_model *to, const acf_model *m, const real *rows)
{
    double bias = 0;
    for (size_t i = 0; i < m->params.n; i++)
        memcpy(acf_value(&to->params, (int)i), acf_value(&m->params, (int)i),
               m->params.slice[i].len * sizeof(real));
    const real *b = acf_value(&m->params, m->b);
    for (int k = 0; k < m->K; k++)
        bias += (double)b[k] / m->K;
    memcpy(acf_value(&to->params, to->W) + m->params.slice[m->W].len, rows,
           (size_t)(to->K - m->K) * (size_t)m->enc->d * sizeof *rows);
    for (int k = m->K; k < to->K; k++)
        acf_value(&to->params, to->b)[k] = (real)bias;
}

acf_status acf_model_grow_head(acf_model *m, const char *const *names, const real *rows, int n,
                               acf_error *e)
{
    acf_model grown = {.enc = m->enc, .K = m->K + n};
    acf_status st = acf_model_plan(&grown, e);
    if (st == ACF_OK) st = acf_params_alloc(&grown.params, false, e);
    char **labels = acf_alloc((size_t)grown.K, sizeof *labels, "label names", e);
    if (labels == NULL) st = ACF_ERR_RESOURCE;
    for (int k = 0; k < grown.K && st == ACF_OK; k++) {
        labels[k] = acf_strdup(k < m->K ? m->labels[k] : names[k - m->K], e);
        if (labels[k] == NULL) st = ACF_ERR_RESOURCE;
    }
    if (st == ACF_OK) {
        copy_grown(&grown, m, rows);
        acf_params_free(&m->params);
        m->params = grown.params;
        free_labels(m);
        m->labels = labels;
        m->K = grown.K;
        return ACF_OK;
    }
    for (int k = 0; labels != NULL && k < grown.K; k++)
        acf_free(labels[k]);
    acf_free(labels);
    acf_params_free(&grown.params);
    return st;
}

acf_status acf_model_set_labels(acf_model *m, char *const *labels, int K, acf_error *e)
{
    free_labels(m);
    m->K = K;
    m->labels = acf_alloc((size_t)K, sizeof *m->labels, "label names", e);
    if (m->labels == NULL) return ACF_ERR_RESOURCE;
    for (int k = 0; k < K; k++) {
        m->labels[k] = acf_strdup(labels[k], e);
        if (m->labels[k] == NULL) return ACF_ERR_RESOURCE;
    }
    return ACF_OK;
}

acf_status acf_model_freeze(acf_model *m, int n_layers, acf_error *e)
{
    if (n_layers > m->enc->n_layers)
        return acf_fail(e, ACF_ERR_USAGE,
                        "model.freeze_layers = %d is more than the encoder's %d layers", n_layers,
                        m->enc->n_layers);
    for (size_t i = 0; n_layers > 0 && i < m->params.n; i++)
        if (m->params.slice[i].group == ACF_GROUP_ENCODER && m->params.slice[i].layer <= n_layers)
            m->params.slice[i].flags |= ACF_PARAM_FROZEN;
    return ACF_OK;
}

void acf_model_free(acf_model *m)
{
    free_labels(m);
    acf_encoder_close(&m->enc);
    acf_params_free(&m->params);
    acf_tokenizer_close(&m->tok);
    cJSON_Delete(m->card);
    *m = (acf_model){0};
}

size_t acf_model_infer_bytes(const acf_model *m, int N, int T, int L, size_t square)
{
    return m->enc->ops->bytes(m->enc, N, T, L, square, false);
}

void acf_model_infer(acf_model *m, real *features, real *logits, real *cosines, const acf_input *in,
                     acf_arena *arena)
{
    const acf_pass pass = {.train = false, .keep = false};
    int N = in->N, K = m->K, d = m->enc->d;
    m->enc->ops->forward(m->enc, features, &m->params, in, &pass, arena);
    acf_gemm(logits, K, features, d, false, acf_value(&m->params, m->W), d, true, N, K, d, (real)1,
             (real)0);
    acf_bias_add(logits, acf_value(&m->params, m->b), (size_t)N, K);
    acf_label_cosines(cosines, features, acf_value(&m->params, m->W), N, K, d);
}
