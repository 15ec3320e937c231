#include "encoder/bert.h"

#include "base/json.h"
#include "base/mem.h"
#include "nn/sublayer.h"
#include "num/embed.h"
#include "num/norm.h"
#include "num/threads.h"

#include <stdio.h>
#include <string.h>

#define REAL       sizeof(real)
#define MAX_WIDTH  65536
#define MAX_LAYERS 256

typedef struct bert_layer {
    acf_attention attention;
    acf_ffn ffn;
    acf_attention_act attention_act;
    acf_ffn_act ffn_act;
} bert_layer;

typedef struct bert_act { /* one batch's activations outside the layers */
    real *embed_xhat, *embed_rstd;
    real *x0;          /* [T, C] */
    int32_t *position; /* [T] place in its sequence */
    int32_t *type;     /* [T] */
    const real *top;   /* last layer's output [R, C] */
    real *pooled_in;   /* [N, C] input of the pooler */
    real *pooled_pre;  /* [N, C] before tanh */
} bert_act;

typedef struct bert {
    acf_encoder base;
    int C, A, F;
    acf_act act;
    double p_hidden, p_prob, eps, init_std;
    double p_classifier; /* -1: null */
    int64_t pad_id;
    int word, position, type; /* slice ids */
    acf_norm embed_norm;
    acf_linear pooler;
    bert_layer *layer; /* [n_layers] */
    bert_act a;
} bert;

static bert *self(acf_encoder *enc)
{
    return (bert *)(void *)enc;
}

static const bert *const_self(const acf_encoder *enc)
{
    return (const bert *)(const void *)enc;
}

static bool first_only(const bert *m)
{
    return m->base.pooling != ACF_POOL_MEAN;
}

static acf_status add_table(int *id, acf_params *p, const char *name, int rows, int C, double std,
                            unsigned flags, acf_error *e)
{
    acf_param s = {
        .rank = 2, .dim = {rows, C}, .init = ACF_INIT_NORMAL, .init_std = std, .flags = flags};
    (void)snprintf(s.name, sizeof s.name, "%s", name);
    *id = acf_params_add(p, s, e);
    return *id < 0 ? ACF_ERR_MODEL : ACF_OK;
}

static acf_status plan_layer(bert *m, acf_params *p, int l, acf_error *e)
{
    bert_layer *layer = &m->layer[l];
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
    bert *m = self(enc);
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
static acf_rows layer_rows(const bert *m, int l, const acf_input *in, const acf_pass *pass)
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
    const bert *m = const_self(enc);
    size_t wide = acf_arena_cost((size_t)T * (size_t)m->C, REAL);
    int32_t longest[2] = {0, L};
    acf_attn_shape one = {.N = 1, .start = longest, .A = m->A, .D = m->C / m->A, .ld = 3 * m->C};
    size_t scratch = acf_arena_cost(acf_attn_scratch(&one, acf_threads_get()), 1);
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

static void embed_forward(bert *m, const acf_params *p, const acf_input *in, const acf_pass *pass,
                          acf_arena *arena)
{
    size_t T = (size_t)in->T, C = (size_t)m->C;
    bert_act *a = &m->a;
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

static void pool_forward(bert *m, real *features, const acf_params *p, const acf_input *in,
                         acf_arena *arena)
{
    size_t N = (size_t)in->N, C = (size_t)m->C;
    bert_act *a = &m->a;
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
    bert *m = self(enc);
    size_t begin = arena->used, TC = (size_t)in->T * (size_t)m->C;
    embed_forward(m, p, in, pass, arena);
    real *between = pass->keep ? NULL : acf_arena_take(arena, TC, REAL); /* of layers */
    const real *x = m->a.x0;
    for (int l = 0; l < enc->n_layers; l++) {
        bert_layer *layer = &m->layer[l];
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
static void pool_backward(bert *m, real *d_top, acf_params *p, real *d_features,
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

static void embed_backward(bert *m, acf_params *p, real *d_x, const acf_input *in,
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
    bert *m = self(enc);
    real *d_x = acf_arena_take(arena, (size_t)in->T * (size_t)m->C, REAL);
    real *d_rows = d_x; /* gradient of a layer's output: fewer rows when first_only */
    if (first_only(m)) d_rows = acf_arena_take(arena, (size_t)in->N * (size_t)m->C, REAL);
    pool_backward(m, d_rows, p, d_features, in);
    for (int l = enc->n_layers - 1; l >= 0; l--) {
        const bert_layer *layer = &m->layer[l];
        /* Nothing below trains: no gradient is wanted any more. */
        if (!acf_param_trains(p, layer->ffn.in.weight)) return;
        acf_rows rows = layer_rows(m, l, in, pass);
        acf_ffn_backward(d_rows, p, d_rows, &layer->ffn_act, &layer->ffn, &rows, arena);
        acf_attention_backward(d_x, p, d_rows, &layer->attention_act, &layer->attention, &rows,
                               arena);
        d_rows = d_x;
    }
    if (acf_param_trains(p, m->word)) embed_backward(m, p, d_x, in, pass);
}

static cJSON *bert_describe(const acf_encoder *enc, acf_error *e)
{
    static const char *const act_name[] = {[ACF_ACT_GELU] = "gelu",
                                           [ACF_ACT_GELU_TANH] = "gelu_new",
                                           [ACF_ACT_RELU] = "relu",
                                           [ACF_ACT_TANH] = "tanh",
                                           [ACF_ACT_SILU] = "silu"};
    const bert *m = const_self(enc);
    cJSON *c = cJSON_CreateObject();
    bool ok = c != NULL && cJSON_AddStringToObject(c, "model_type", "bert") != NULL;
    const struct {
        const char *key;
        double value;
    } number[] = {
        {"hidden_size", m->C},
        {"num_hidden_layers", enc->n_layers},
        {"num_attention_heads", m->A},
        {"intermediate_size", m->F},
        {"hidden_dropout_prob", m->p_hidden},
        {"attention_probs_dropout_prob", m->p_prob},
        {"max_position_embeddings", enc->max_length},
        {"type_vocab_size", enc->n_types},
        {"vocab_size", enc->vocab_size},
        {"layer_norm_eps", m->eps},
        {"initializer_range", m->init_std},
        {"pad_token_id", (double)m->pad_id},
    };
    for (size_t i = 0; ok && i < sizeof number / sizeof *number; i++)
        ok = cJSON_AddNumberToObject(c, number[i].key, number[i].value) != NULL;
    ok = ok && cJSON_AddStringToObject(c, "hidden_act", act_name[m->act]) != NULL &&
         cJSON_AddStringToObject(c, "position_embedding_type", "absolute") != NULL;
    if (ok && m->p_classifier >= 0)
        ok = cJSON_AddNumberToObject(c, "classifier_dropout", m->p_classifier) != NULL;
    else if (ok)
        ok = cJSON_AddNullToObject(c, "classifier_dropout") != NULL;
    if (ok) return c;
    cJSON_Delete(c);
    (void)acf_fail(e, ACF_ERR_RESOURCE, "config.json: not enough memory");
    return NULL;
}

static double bert_multiply_adds(const acf_encoder *enc, int N, int T, size_t square)
{
    const bert *m = const_self(enc);
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
    .describe = bert_describe,
    .multiply_adds = bert_multiply_adds,
    .close = bert_close,
};

static acf_status read_act(acf_act *act, const cJSON *config, const char *name, acf_error *e)
{
    static const struct {
        const char *name;
        acf_act act;
    } known[] = {{"gelu", ACF_ACT_GELU},
                 {"gelu_new", ACF_ACT_GELU_TANH},
                 {"gelu_pytorch_tanh", ACF_ACT_GELU_TANH},
                 {"relu", ACF_ACT_RELU},
                 {"tanh", ACF_ACT_TANH},
                 {"silu", ACF_ACT_SILU},
                 {"swish", ACF_ACT_SILU}};
    const char *text;
    ACF_TRY(acf_json_string(&text, config, "hidden_act", "gelu", name, e));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(text, known[i].name) == 0) {
            *act = known[i].act;
            return ACF_OK;
        }
    return acf_fail(e, ACF_ERR_MODEL,
                    "%s: hidden_act '%s' is not known (gelu, gelu_new, relu, tanh, silu)", name,
                    text);
}

/* What this code would compute wrongly is refused by name. */
static acf_status refuse_unsupported(const cJSON *config, const char *name, acf_error *e)
{
    const char *text;
    bool flag;
    ACF_TRY(acf_json_string(&text, config, "model_type", "bert", name, e));
    if (strcmp(text, "bert") != 0)
        return acf_fail(e, ACF_ERR_MODEL, "%s: model_type '%s' is not a BERT", name, text);
    ACF_TRY(acf_json_string(&text, config, "position_embedding_type", "absolute", name, e));
    if (strcmp(text, "absolute") != 0)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: position_embedding_type '%s' is not supported, only 'absolute'", name,
                        text);
    static const char *const decoder[] = {"is_decoder", "add_cross_attention"};
    for (int k = 0; k < 2; k++) {
        ACF_TRY(acf_json_bool(&flag, config, decoder[k], false, name, e));
        if (flag)
            return acf_fail(e, ACF_ERR_MODEL, "%s: '%s' is true: decoders are not supported", name,
                            decoder[k]);
    }
    return ACF_OK;
}

static acf_status read_sizes(bert *m, const cJSON *config, const char *name, acf_error *e)
{
    const struct {
        const char *key;
        int *out;
        int64_t max;
    } size[] = {
        {"hidden_size", &m->C, MAX_WIDTH},
        {"num_hidden_layers", &m->base.n_layers, MAX_LAYERS},
        {"num_attention_heads", &m->A, MAX_WIDTH},
        {"intermediate_size", &m->F, 4 * MAX_WIDTH},
        {"max_position_embeddings", &m->base.max_length, 1 << 20},
        {"vocab_size", &m->base.vocab_size, 1 << 26},
    };
    int64_t x;
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        ACF_TRY(acf_json_int(&x, config, size[i].key, 1, size[i].max, -1, name, e));
        if (x < 0) return acf_fail(e, ACF_ERR_MODEL, "%s: '%s' is missing", name, size[i].key);
        *size[i].out = (int)x;
    }
    ACF_TRY(acf_json_int(&x, config, "type_vocab_size", 1, 1 << 16, 2, name, e));
    m->base.n_types = (int)x;
    ACF_TRY(
        acf_json_int(&m->pad_id, config, "pad_token_id", 0, m->base.vocab_size - 1, 0, name, e));
    if (m->C % m->A != 0)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: hidden_size %d is not a multiple of num_attention_heads %d", name,
                        m->C, m->A);
    return ACF_OK;
}

static acf_status read_config(bert *m, const cJSON *config, double dropout, const char *name,
                              acf_error *e)
{
    if (!cJSON_IsObject(config))
        return acf_fail(e, ACF_ERR_MODEL, "%s: is not a JSON object", name);
    ACF_TRY(refuse_unsupported(config, name, e));
    ACF_TRY(read_sizes(m, config, name, e));
    ACF_TRY(read_act(&m->act, config, name, e));
    double below_one = 0.999999;
    ACF_TRY(
        acf_json_number(&m->p_hidden, config, "hidden_dropout_prob", 0, below_one, 0.1, name, e));
    ACF_TRY(acf_json_number(&m->p_prob, config, "attention_probs_dropout_prob", 0, below_one, 0.1,
                            name, e));
    ACF_TRY(
        acf_json_number(&m->p_classifier, config, "classifier_dropout", 0, below_one, -1, name, e));
    ACF_TRY(acf_json_number(&m->eps, config, "layer_norm_eps", 0, 1, 1e-12, name, e));
    ACF_TRY(acf_json_number(&m->init_std, config, "initializer_range", 0, 10, 0.02, name, e));
    if (dropout >= 0) {
        m->p_hidden = m->p_prob = dropout;
        m->p_classifier = -1;
    }
    m->base.head_dropout = m->p_classifier >= 0 ? m->p_classifier : m->p_hidden;
    return ACF_OK;
}

acf_status acf_bert_open(acf_encoder **out, const cJSON *config, acf_pooling pooling,
                         double dropout, const char *name, acf_error *e)
{
    *out = NULL;
    bert *m = acf_alloc(1, sizeof *m, "encoder", e);
    if (m == NULL) return ACF_ERR_RESOURCE;
    m->base.ops = &bert_ops;
    m->base.pooling = pooling;
    acf_status st = ACF_OK;
    if (pooling == ACF_POOL_GAP)
        st = acf_fail(e, ACF_ERR_USAGE, "model.pooling: 'gap' is for images, not for a BERT");
    if (st == ACF_OK) st = acf_reclass(read_config(m, config, dropout, name, e), ACF_ERR_MODEL, e);
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

static const struct {
    const char *name;
    int layers, width;
} presets[] = {{"bert-tiny", 2, 128}, {"bert-mini", 4, 256}, {"bert-small", 4, 512}};

bool acf_bert_is_preset(const char *name)
{
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(name, presets[i].name) == 0) return true;
    return false;
}

cJSON *acf_bert_preset(const char *preset, int vocab_size, acf_error *e)
{
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        if (strcmp(preset, presets[i].name) != 0) continue;
        int width = presets[i].width;
        int heads = width / 64;
        cJSON *c = cJSON_CreateObject();
        if (c != NULL && cJSON_AddStringToObject(c, "model_type", "bert") != NULL &&
            cJSON_AddNumberToObject(c, "hidden_size", width) != NULL &&
            cJSON_AddNumberToObject(c, "num_hidden_layers", presets[i].layers) != NULL &&
            cJSON_AddNumberToObject(c, "num_attention_heads", heads) != NULL &&
            cJSON_AddNumberToObject(c, "intermediate_size", 4 * width) != NULL &&
            cJSON_AddNumberToObject(c, "max_position_embeddings", 512) != NULL &&
            cJSON_AddNumberToObject(c, "vocab_size", vocab_size) != NULL)
            return c;
        cJSON_Delete(c);
        (void)acf_fail(e, ACF_ERR_RESOURCE, "%s: not enough memory for its configuration", preset);
    }
    return NULL;
}
