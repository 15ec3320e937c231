#include "encoder/bert_internal.h"

#include "base/mem.h"
#include "num/embed.h"
#include "num/norm.h"
#include "num/threads.h"

#include <stdio.h>
#include <string.h>

#define REAL sizeof(real)

static acf_bert *self(acf_encoder *enc)
{
    return (acf_bert *)(void *)enc;
}

static const acf_bert *const_self(const acf_encoder *enc)
{
    return (const acf_bert *)(const void *)enc;
}

static bool first_only(const acf_bert *m)
{
    return m->base.pooling != ACF_POOL_MEAN;
}

static acf_status add_table(int *id, acf_params *p, const char *name, int rows, int C, double std,
                            unsigned flags, acf_error *e)
{
    acf_param s = {
        .rank = 2, .dim = {rows, C}, .init = ACF_INIT_NORMAL, .init_std = std, .flags = flags};
    (void)snprintf(s.name, sizeof s.name, "%s", name);
    return acf_params_add(id, p, s, e);
}

static acf_status plan_layer(acf_bert *m, acf_params *p, int l, acf_error *e)
{
    acf_bert_layer *layer = &m->layer[l];
    acf_place place = {.layer = l + 1, .init_std = m->init_std};
    char name[6][80];
    static const char *const part[6] = {"attention.self.query",       "attention.self.key",
                                        "attention.self.value",       "attention.output.dense",
                                        "attention.output.LayerNorm", "intermediate.dense"};
    for (int k = 0; k < 6; k++)
        (void)snprintf(name[k], sizeof name[k], "bert.encoder.layer.%d.%s", l, part[k]);
    const char *qkv[3] = {name[0], name[1], name[2]};

    acf_attention *att = &layer->attention;
    *att = (acf_attention){.A = m->A,
                           .D = m->C / m->A,
                           .p_prob = m->p_prob,
                           .p_out = m->p_hidden,
                           .site = 1 + 3 * (uint32_t)l};
    ACF_TRY(acf_linear_plan_joined(&att->qkv, p, qkv, 3, m->C, m->C, place, e));
    ACF_TRY(acf_linear_plan(&att->out, p, name[3], m->C, m->C, place, e));
    ACF_TRY(acf_norm_plan(&att->norm, p, name[4], m->C, m->eps, place, e));

    acf_ffn *ffn = &layer->ffn;
    *ffn = (acf_ffn){.act = m->act, .p_out = m->p_hidden, .site = 3 + 3 * (uint32_t)l};
    ACF_TRY(acf_linear_plan(&ffn->in, p, name[5], m->C, m->F, place, e));
    (void)snprintf(name[0], sizeof name[0], "bert.encoder.layer.%d.output.dense", l);
    (void)snprintf(name[1], sizeof name[1], "bert.encoder.layer.%d.output.LayerNorm", l);
    ACF_TRY(acf_linear_plan(&ffn->out, p, name[0], m->F, m->C, place, e));
    return acf_norm_plan(&ffn->norm, p, name[1], m->C, m->eps, place, e);
}

static acf_status bert_plan(acf_encoder *enc, acf_params *p, acf_error *e)
{
    acf_bert *m = self(enc);
    ACF_TRY(add_table(&m->word, p, "bert.embeddings.word_embeddings.weight", enc->vocab_size, m->C,
                      m->init_std, ACF_PARAM_ROWS, e));
    ACF_TRY(add_table(&m->position, p, "bert.embeddings.position_embeddings.weight",
                      enc->max_length, m->C, m->init_std, 0, e));
    ACF_TRY(add_table(&m->type, p, "bert.embeddings.token_type_embeddings.weight", enc->n_types,
                      m->C, m->init_std, 0, e));
    acf_place place = {.layer = 0};
    ACF_TRY(acf_norm_plan(&m->embed_norm, p, "bert.embeddings.LayerNorm", m->C, m->eps, place, e));
    for (int l = 0; l < enc->n_layers; l++)
        ACF_TRY(plan_layer(m, p, l, e));
    if (enc->pooling != ACF_POOL_POOLER) return ACF_OK;
    place = (acf_place){.layer = enc->n_layers + 1, .init_std = m->init_std};
    return acf_linear_plan(&m->pooler, p, "bert.pooler.dense", m->C, m->C, place, e);
}

/* The rows that layer l computes. */
static acf_rows layer_rows(const acf_bert *m, int l, const acf_input *in, const acf_pass *pass)
{
    bool first = first_only(m) && l == m->base.n_layers - 1;
    return (acf_rows){
        .shape = {.N = in->N,
                  .start = in->start,
                  .A = m->A,
                  .D = m->C / m->A,
                  .pair0 = in->square0 * (uint64_t)m->A},
        .T = (size_t)in->T,
        .first_only = first,
        .train = pass->train,
        .keep = pass->keep,
        .row0 = first ? in->example0 : in->token0,
        .seed = pass->seed,
        .step = pass->step,
    };
}

static size_t bert_bytes(const acf_encoder *enc, int N, int T, int L, size_t square, bool keep)
{
    const acf_bert *m = const_self(enc);
    size_t wide = acf_arena_cost((size_t)T * (size_t)m->C, REAL);
    int32_t longest[2] = {0, L};
    acf_attn_shape one = {.N = 1, .start = longest, .A = m->A, .D = m->C / m->A, .ld = 3 * m->C};
    size_t places = (size_t)N * sizeof(uint64_t); /* acf_attn_scratch's, of each sequence */
    size_t scratch = acf_arena_cost(acf_attn_scratch(&one, acf_threads_get()) + places, 1);
    size_t bytes = 2 * acf_arena_cost((size_t)T, sizeof(int32_t)) +
                   3 * acf_arena_cost((size_t)N * (size_t)m->C, REAL) + (keep ? 3 : 2) * wide +
                   acf_arena_cost((size_t)T, REAL) + wide;
    size_t largest = 0;
    for (int l = 0; l < enc->n_layers; l++) {
        acf_rows rows = layer_rows(m, l, &(acf_input){.N = N, .T = T}, &(acf_pass){.keep = keep});
        size_t layer =
            acf_attention_bytes(&m->layer[l].attention, &rows, square * (size_t)m->A, scratch) +
            acf_ffn_bytes(&m->layer[l].ffn, &rows);
        if (layer > largest) largest = layer;
        if (keep) bytes += layer;
    }
    return keep ? bytes : bytes + largest;
}

static void embed_forward(acf_bert *m, const acf_params *p, const acf_input *in,
                          const acf_pass *pass, acf_arena *arena)
{
    size_t T = (size_t)in->T, C = (size_t)m->C;
    acf_bert_act *a = &m->a;
    a->position = acf_arena_take(arena, T, sizeof *a->position);
    a->type = acf_arena_take(arena, T, sizeof *a->type);
    a->x0 = acf_arena_take(arena, T * C, REAL);
    a->embed_xhat = pass->keep ? acf_arena_take(arena, T * C, REAL) : NULL;
    a->embed_rstd = pass->keep ? acf_arena_take(arena, T, REAL) : NULL;
    for (int s = 0; s < in->N; s++)
        for (int t = in->start[s]; t < in->start[s + 1]; t++) {
            a->position[t] = t - in->start[s];
            a->type[t] = in->types != NULL ? in->types[t] : 0;
        }
    acf_embed_forward(a->x0, acf_value(p, m->word), in->ids, in->T, m->C, 0);
    acf_embed_forward(a->x0, acf_value(p, m->position), a->position, in->T, m->C, 1);
    acf_embed_forward(a->x0, acf_value(p, m->type), a->type, in->T, m->C, 1);
    acf_layernorm_forward(a->x0, a->embed_xhat, a->embed_rstd, a->x0, NULL,
                          acf_value(p, m->embed_norm.gamma), acf_value(p, m->embed_norm.beta),
                          m->eps, T, m->C);
    acf_dropout drop = {.p = pass->train ? m->p_hidden : 0, .seed = pass->seed, .step = pass->step};
    if (drop.p > 0) acf_dropout_apply(a->x0, a->x0, T * C, in->token0 * C, drop);
}

static void pool_forward(acf_bert *m, real *features, const acf_params *p, const acf_input *in,
                         acf_arena *arena)
{
    size_t N = (size_t)in->N, C = (size_t)m->C;
    acf_bert_act *a = &m->a;
    if (m->base.pooling == ACF_POOL_MEAN) {
        acf_pool_mean_forward(features, a->top, in->start, in->N, m->C);
    } else if (m->base.pooling == ACF_POOL_CLS) {
        memcpy(features, a->top, N * C * REAL);
    } else { /* feature = tanh(Wp x[CLS] + bp) */
        a->pooled_pre = acf_arena_take(arena, N * C, REAL);
        acf_linear_forward(a->pooled_pre, a->top, N, false, p, &m->pooler);
        acf_act_forward(features, a->pooled_pre, acf_value(p, m->pooler.bias), N, m->C,
                        ACF_ACT_TANH);
    }
}

static void bert_forward(acf_encoder *enc, real *features, const acf_params *p, const acf_input *in,
                         const acf_pass *pass, acf_arena *arena)
{
    acf_bert *m = self(enc);
    size_t begin = arena->used, TC = (size_t)in->T * (size_t)m->C;
    embed_forward(m, p, in, pass, arena);
    real *between = pass->keep ? NULL : acf_arena_take(arena, TC, REAL); /* of layers */
    const real *x = m->a.x0;
    for (int l = 0; l < enc->n_layers; l++) {
        acf_bert_layer *layer = &m->layer[l];
        acf_rows rows = layer_rows(m, l, in, pass);
        size_t mark = arena->used;
        acf_attention_forward(&layer->attention_act, x, p, &layer->attention, &rows, arena);
        acf_ffn_forward(&layer->ffn_act, layer->attention_act.res.y, p, &layer->ffn, &rows, arena);
        x = layer->ffn_act.res.y;
        if (pass->keep) continue;
        memcpy(between, x, acf_rows_count(&rows) * (size_t)m->C * REAL);
        x = between;
        acf_arena_rewind(arena, mark);
    }
    m->a.top = x;
    pool_forward(m, features, p, in, arena);
    if (!pass->keep) acf_arena_rewind(arena, begin);
}

/* d_top [R, C] from d_features [N, C] (overwritten). */
static void pool_backward(acf_bert *m, real *d_top, acf_params *p, real *d_features,
                          const acf_input *in)
{
    size_t N = (size_t)in->N, C = (size_t)m->C;
    if (m->base.pooling == ACF_POOL_MEAN) {
        acf_pool_mean_backward(d_top, d_features, in->start, in->N, m->C);
    } else if (m->base.pooling == ACF_POOL_CLS) {
        memcpy(d_top, d_features, N * C * REAL);
    } else { /* feature = tanh(Wp x[CLS] + bp) */
        acf_act_backward(d_features, d_features, m->a.pooled_pre, N, m->C, ACF_ACT_TANH);
        acf_linear_backward(d_top, (real)0, p, d_features, m->a.top, N, &m->pooler);
    }
}

static void embed_backward(acf_bert *m, acf_params *p, real *d_x, const acf_input *in,
                           const acf_pass *pass)
{
    size_t T = (size_t)in->T, C = (size_t)m->C;
    acf_dropout drop = {.p = pass->train ? m->p_hidden : 0, .seed = pass->seed, .step = pass->step};
    if (drop.p > 0) acf_dropout_apply(d_x, d_x, T * C, in->token0 * C, drop);
    acf_layernorm_backward(d_x, acf_grad(p, m->embed_norm.gamma), acf_grad(p, m->embed_norm.beta),
                           d_x, m->a.embed_xhat, m->a.embed_rstd, acf_value(p, m->embed_norm.gamma),
                           T, m->C);
    acf_embed_backward(acf_grad(p, m->word), d_x, in->ids, in->T, m->C);
    acf_embed_backward(acf_grad(p, m->position), d_x, m->a.position, in->T, m->C);
    acf_embed_backward(acf_grad(p, m->type), d_x, m->a.type, in->T, m->C);
}

static void bert_backward(acf_encoder *enc, acf_params *p, real *d_features, const acf_input *in,
                          const acf_pass *pass, acf_arena *arena)
{
    acf_bert *m = self(enc);
    real *d_x = acf_arena_take(arena, (size_t)in->T * (size_t)m->C, REAL);
    real *d_rows = d_x; /* gradient of a layer's output: fewer rows when first_only */
    if (first_only(m)) d_rows = acf_arena_take(arena, (size_t)in->N * (size_t)m->C, REAL);
    pool_backward(m, d_rows, p, d_features, in);
    for (int l = enc->n_layers - 1; l >= 0; l--) {
        const acf_bert_layer *layer = &m->layer[l];
        /* Nothing below trains: no gradient is wanted any more. */
        if (!acf_trains(p, layer->ffn.in.weight)) return;
        acf_rows rows = layer_rows(m, l, in, pass);
        acf_ffn_backward(d_rows, p, d_rows, &layer->ffn_act, &layer->ffn, &rows, arena);
        acf_attention_backward(d_x, p, d_rows, &layer->attention_act, &layer->attention, &rows,
                               arena);
        d_rows = d_x;
    }
    if (acf_trains(p, m->word)) embed_backward(m, p, d_x, in, pass);
}

static double bert_multiply_adds(const acf_encoder *enc, int N, int T, size_t square)
{
    const acf_bert *m = const_self(enc);
    double C = m->C, F = m->F;
    double per_layer = (double)T * (4 * C * C + 2 * C * F) + 2 * C * (double)square;
    double pooler = enc->pooling == ACF_POOL_POOLER ? (double)N * C * C : 0;
    return enc->n_layers * per_layer + pooler;
}

static void bert_close(acf_encoder *enc)
{
    if (enc == NULL) return;
    acf_free(self(enc)->layer);
    acf_free(enc);
}

static const acf_encoder_ops bert_ops = {
    .family = "bert",
    .plan = bert_plan,
    .bytes = bert_bytes,
    .forward = bert_forward,
    .backward = bert_backward,
    .describe = acf_bert_describe,
    .multiply_adds = bert_multiply_adds,
    .close = bert_close,
};

acf_status acf_bert_open(acf_encoder **out, const cJSON *config, acf_pooling pooling,
                         double dropout, const char *name, acf_error *e)
{
    *out = NULL;
    acf_bert *m = acf_alloc(1, sizeof *m, "encoder", e);
    if (m == NULL) return ACF_ERR_RESOURCE;
    m->base.ops = &bert_ops;
    m->base.pooling = pooling;
    acf_bert_set_names(m);
    acf_status st = ACF_OK;
    if (pooling == ACF_POOL_GAP)
        st = acf_fail(e, ACF_ERR_USAGE, "model.pooling: 'gap' is for images, not for a BERT");
    if (st == ACF_OK)
        st = acf_reclass(acf_bert_read_config(m, config, dropout, name, e), ACF_ERR_MODEL, e);
    if (st == ACF_OK) {
        m->base.d = m->C;
        m->layer = acf_alloc((size_t)m->base.n_layers, sizeof *m->layer, "layers", e);
        if (m->layer == NULL) st = ACF_ERR_RESOURCE;
    }
    if (st != ACF_OK) {
        bert_close(&m->base);
        return st;
    }
    *out = &m->base;
    return ACF_OK;
}
