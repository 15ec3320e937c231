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

/* "PREFIX NAME" as a slice's name. */
static void full_name(char out[ACF_PARAM_NAME_MAX], const acf_bert *m, const char *name)
{
    (void)snprintf(out, ACF_PARAM_NAME_MAX, "%s%s", m->family->prefix, name);
}

static acf_status add_table(int *id, acf_bert *m, acf_params *p, const char *name, int rows,
                            unsigned flags, acf_error *e)
{
    acf_param s = {.rank = 2,
                   .dim = {rows, m->E},
                   .init = ACF_INIT_NORMAL,
                   .init_std = m->init_std,
                   .flags = flags};
    full_name(s.name, m, name);
    return acf_params_add(id, p, s, e);
}

static acf_status plan_layer(acf_bert *m, acf_params *p, int l, acf_error *e)
{
    acf_bert_layer *layer = &m->layer[l];
    const acf_bert_family *f = m->family;
    acf_param_place place = {.layer = l + 1, .init_std = m->init_std};
    char name[ACF_BERT_N_PARTS][ACF_PARAM_NAME_MAX];
    for (int k = 0; k < ACF_BERT_N_PARTS; k++)
        (void)snprintf(name[k], sizeof name[k], "%s%s.%d.%s", f->prefix, f->layer, l, f->part[k]);
    const char *qkv[3] = {name[ACF_BERT_QUERY], name[ACF_BERT_KEY], name[ACF_BERT_VALUE]};

    acf_attention *att = &layer->attention;
    *att = (acf_attention){.A = m->A,
                           .D = m->C / m->A,
                           .p_prob = m->p_prob,
                           .p_out = f->attention_dropout ? m->p_hidden : 0,
                           .site = 1 + 3 * (uint32_t)l};
    ACF_TRY(acf_linear_plan_joined(&att->qkv, p, qkv, 3, m->C, m->C, place, e));
    ACF_TRY(acf_linear_plan(&att->out, p, name[ACF_BERT_ATTENTION_OUT], m->C, m->C, place, e));
    ACF_TRY(acf_norm_plan(&att->norm, p, name[ACF_BERT_ATTENTION_NORM], m->C, m->eps, place, e));

    acf_ffn *ffn = &layer->ffn;
    *ffn = (acf_ffn){.act = m->act, .p_out = m->p_hidden, .site = 3 + 3 * (uint32_t)l};
    ACF_TRY(acf_linear_plan(&ffn->in, p, name[ACF_BERT_FFN_IN], m->C, m->F, place, e));
    ACF_TRY(acf_linear_plan(&ffn->out, p, name[ACF_BERT_FFN_OUT], m->F, m->C, place, e));
    return acf_norm_plan(&ffn->norm, p, name[ACF_BERT_FFN_NORM], m->C, m->eps, place, e);
}

static acf_status bert_plan(acf_encoder *enc, acf_params *p, acf_error *e)
{
    acf_bert *m = self(enc);
    char name[ACF_PARAM_NAME_MAX];
    acf_param_place place = {.layer = 0, .init_std = m->init_std};
    ACF_TRY(add_table(&m->word, m, p, "embeddings.word_embeddings.weight", enc->vocab_size,
                      ACF_PARAM_ROWS, e));
    ACF_TRY(
        add_table(&m->position, m, p, "embeddings.position_embeddings.weight", m->positions, 0, e));
    if (m->family->has_types)
        ACF_TRY(add_table(&m->type, m, p, "embeddings.token_type_embeddings.weight", enc->n_types,
                          0, e));
    full_name(name, m, "embeddings.LayerNorm");
    ACF_TRY(acf_norm_plan(&m->embed_norm, p, name, m->E, m->eps, place, e));
    full_name(name, m, "embeddings_project");
    if (m->E != m->C) ACF_TRY(acf_linear_plan(&m->project, p, name, m->E, m->C, place, e));
    for (int l = 0; l < enc->n_layers; l++)
        ACF_TRY(plan_layer(m, p, l, e));
    if (enc->pooling != ACF_POOL_POOLER) return ACF_OK;
    place.layer = enc->n_layers + 1;
    return acf_linear_plan(&m->pooler, p, m->family->pooler, m->C, m->C, place, e);
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
                  .first_only = first,
                  .pair0 = in->square0 * (uint64_t)m->A},
        .T = (size_t)in->T,
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
    size_t embedded = acf_arena_cost((size_t)T * (size_t)m->E, REAL);
    if (m->E != m->C) bytes += (keep ? 3 : 1) * embedded; /* its xhat and gradient too */
    size_t moment = 0;                                    /* most that a layer takes for a while */
    for (int l = 0; l < enc->n_layers; l++) {
        acf_rows rows = layer_rows(m, l, &(acf_input){.N = N, .T = T}, &(acf_pass){.keep = keep});
        acf_sublayer_bytes att = acf_attention_bytes(&m->layer[l].attention, &rows,
                                                     square * (size_t)m->A, scratch),
                           ffn = acf_ffn_bytes(&m->layer[l].ffn, &rows);
        size_t kept = att.kept + ffn.kept,
               brief = att.moment > ffn.moment ? att.moment : ffn.moment;
        if (keep)
            bytes += kept;
        else
            brief += kept;
        if (brief > moment) moment = brief;
    }
    return bytes + moment;
}

static acf_dropout dropout_at(const acf_pass *pass, double prob, uint32_t site)
{
    return (acf_dropout){
        .p = pass->train ? prob : 0, .seed = pass->seed, .step = pass->step, .site = site};
}

/* Positions and token types of all tokens. */
static void place_tokens(acf_bert *m, const acf_input *in)
{
    acf_bert_act *a = &m->a;
    const acf_bert_family *f = m->family;
    bool has_types = in->types != NULL && m->base.n_types > 1;
    int32_t pad = (int32_t)m->pad_id;
    for (int s = 0; s < in->N; s++) {
        int32_t next = f->position_from_pad ? pad + 1 : 0;
        for (int t = in->start[s]; t < in->start[s + 1]; t++) {
            /* A text may hold the padding token: HF create_position_ids_from_input_ids. */
            bool is_pad = f->position_from_pad && in->ids[t] == pad;
            a->position[t] = is_pad ? pad : next++;
            a->type[t] = has_types ? in->types[t] : 0;
        }
    }
}

static void embed_forward(acf_bert *m, const acf_params *p, const acf_input *in,
                          const acf_pass *pass, acf_arena *arena)
{
    size_t T = (size_t)in->T, E = (size_t)m->E;
    acf_bert_act *a = &m->a;
    a->position = acf_arena_take(arena, T, sizeof *a->position);
    a->type = acf_arena_take(arena, T, sizeof *a->type);
    a->embedded = acf_arena_take(arena, T * E, REAL);
    a->embed_xhat = pass->keep ? acf_arena_take(arena, T * E, REAL) : NULL;
    a->embed_rstd = pass->keep ? acf_arena_take(arena, T, REAL) : NULL;
    place_tokens(m, in);
    acf_embed_forward(a->embedded, acf_value(p, m->word), in->ids, in->T, m->E, 0);
    acf_embed_forward(a->embedded, acf_value(p, m->position), a->position, in->T, m->E, 1);
    if (m->family->has_types)
        acf_embed_forward(a->embedded, acf_value(p, m->type), a->type, in->T, m->E, 1);
    acf_layernorm_forward(a->embedded, a->embed_xhat, a->embed_rstd, a->embedded, NULL,
                          acf_value(p, m->embed_norm.gamma), acf_value(p, m->embed_norm.beta),
                          m->eps, T, m->E);
    acf_dropout drop = dropout_at(pass, m->p_hidden, 0);
    if (drop.p > 0) acf_dropout_apply(a->embedded, a->embedded, T * E, in->token0 * E, drop);
    a->x0 = a->embedded;
    if (m->E == m->C) return;
    a->x0 = acf_arena_take(arena, T * (size_t)m->C, REAL);
    acf_linear_forward(a->x0, a->embedded, T, true, p, &m->project);
}

/* The dropout before the pooler: behind those of all layers. */
static acf_dropout pooler_dropout(const acf_bert *m, const acf_pass *pass)
{
    double prob = m->family->pooler_dropout ? m->base.head_dropout : 0;
    return dropout_at(pass, prob, 1 + 3 * (uint32_t)m->base.n_layers);
}

static void pool_forward(acf_bert *m, real *features, const acf_params *p, const acf_input *in,
                         const acf_pass *pass, acf_arena *arena)
{
    size_t N = (size_t)in->N, C = (size_t)m->C;
    acf_bert_act *a = &m->a;
    if (m->base.pooling == ACF_POOL_MEAN) {
        acf_pool_mean_forward(features, a->top, in->start, in->N, m->C);
    } else if (m->base.pooling == ACF_POOL_CLS) {
        memcpy(features, a->top, N * C * REAL);
    } else { /* feature = act(Wp dropout(x[CLS]) + bp) */
        acf_dropout drop = pooler_dropout(m, pass);
        a->pooled_in = a->top;
        if (drop.p > 0) {
            real *dropped = acf_arena_take(arena, N * C, REAL);
            acf_dropout_apply(dropped, a->top, N * C, in->example0 * C, drop);
            a->pooled_in = dropped;
        }
        a->pooled_pre = acf_arena_take(arena, N * C, REAL);
        acf_linear_forward(a->pooled_pre, a->pooled_in, N, false, p, &m->pooler);
        acf_act_forward(features, a->pooled_pre, acf_value(p, m->pooler.bias), N, m->C,
                        m->family->pooler_act);
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
    pool_forward(m, features, p, in, pass, arena);
    if (!pass->keep) acf_arena_rewind(arena, begin);
}

/* d_top [R, C] from d_features [N, C] (overwritten). */
static void pool_backward(acf_bert *m, real *d_top, acf_params *p, real *d_features,
                          const acf_input *in, const acf_pass *pass)
{
    size_t N = (size_t)in->N, C = (size_t)m->C;
    if (m->base.pooling == ACF_POOL_MEAN) {
        acf_pool_mean_backward(d_top, d_features, in->start, in->N, m->C);
    } else if (m->base.pooling == ACF_POOL_CLS) {
        memcpy(d_top, d_features, N * C * REAL);
    } else { /* feature = act(Wp dropout(x[CLS]) + bp) */
        acf_dropout drop = pooler_dropout(m, pass);
        acf_act_backward(d_features, d_features, m->a.pooled_pre, N, m->C, m->family->pooler_act);
        acf_linear_backward(d_top, (real)0, p, d_features, m->a.pooled_in, N, &m->pooler);
        if (drop.p > 0) acf_dropout_apply(d_top, d_top, N * C, in->example0 * C, drop);
    }
}

/* d_x [T, C] is overwritten. */
static void embed_backward(acf_bert *m, acf_params *p, real *d_x, const acf_input *in,
                           const acf_pass *pass, acf_arena *arena)
{
    size_t T = (size_t)in->T, E = (size_t)m->E;
    real *d_e = d_x;
    if (m->E != m->C) { /* x0 = embedded We^T + be */
        d_e = acf_arena_take(arena, T * E, REAL);
        acf_linear_backward(d_e, (real)0, p, d_x, m->a.embedded, T, &m->project);
    }
    acf_dropout drop = dropout_at(pass, m->p_hidden, 0);
    if (drop.p > 0) acf_dropout_apply(d_e, d_e, T * E, in->token0 * E, drop);
    acf_layernorm_backward(d_e, acf_grad(p, m->embed_norm.gamma), acf_grad(p, m->embed_norm.beta),
                           d_e, m->a.embed_xhat, m->a.embed_rstd, acf_value(p, m->embed_norm.gamma),
                           T, m->E);
    acf_embed_backward(acf_grad(p, m->word), d_e, in->ids, in->T, m->E);
    acf_embed_backward(acf_grad(p, m->position), d_e, m->a.position, in->T, m->E);
    if (m->family->has_types) acf_embed_backward(acf_grad(p, m->type), d_e, m->a.type, in->T, m->E);
}

static void bert_backward(acf_encoder *enc, acf_params *p, real *d_features, const acf_input *in,
                          const acf_pass *pass, acf_arena *arena)
{
    acf_bert *m = self(enc);
    real *d_x = acf_arena_take(arena, (size_t)in->T * (size_t)m->C, REAL);
    real *d_rows = d_x; /* gradient of a layer's output: fewer rows when first_only */
    if (first_only(m)) d_rows = acf_arena_take(arena, (size_t)in->N * (size_t)m->C, REAL);
    pool_backward(m, d_rows, p, d_features, in, pass);
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
    if (acf_trains(p, m->word)) embed_backward(m, p, d_x, in, pass, arena);
}

static double bert_multiply_adds(const acf_encoder *enc, int N, int T, size_t square)
{
    const acf_bert *m = const_self(enc);
    double C = m->C, F = m->F;
    double per_layer = (double)T * (4 * C * C + 2 * C * F) + 2 * C * (double)square;
    double pooler = enc->pooling == ACF_POOL_POOLER ? (double)N * C * C : 0;
    double project = m->E != m->C ? (double)T * m->E * C : 0;
    return enc->n_layers * per_layer + pooler + project;
}

static void bert_close(acf_encoder *enc)
{
    if (enc == NULL) return;
    acf_free(self(enc)->layer);
    acf_free(enc);
}

static const acf_encoder_ops bert_ops = {
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
    m->ops = bert_ops;
    m->base.ops = &m->ops;
    m->base.pooling = pooling;
    acf_status st = ACF_OK;
    if (pooling == ACF_POOL_GAP)
        st = acf_fail(e, ACF_ERR_USAGE, "model.pooling: 'gap' is for images, not for texts");
    if (st == ACF_OK)
        st = acf_reclass(acf_bert_read_config(m, config, dropout, name, e), ACF_ERR_MODEL, e);
    if (st == ACF_OK) {
        acf_bert_set_names(m);
        m->ops.family = m->family->model_type;
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
