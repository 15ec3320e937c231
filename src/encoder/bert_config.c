/* config.json <-> the network's sizes, and the presets. */
#include "encoder/bert_internal.h"

#include "base/json.h"

#include <string.h>

#define MAX_WIDTH  65536
#define MAX_LAYERS 256
#define HEAD_WIDTH 64 /* of all presets */

/* Names of activations; of several for one, the first is written. */
static const struct {
    const char *name;
    acf_act act;
} act_name[] = {{"gelu", ACF_ACT_GELU},
                {"gelu_new", ACF_ACT_GELU_TANH},
                {"gelu_pytorch_tanh", ACF_ACT_GELU_TANH},
                {"relu", ACF_ACT_RELU},
                {"tanh", ACF_ACT_TANH},
                {"silu", ACF_ACT_SILU},
                {"swish", ACF_ACT_SILU}};
enum { N_ACT_NAMES = sizeof act_name / sizeof *act_name };

static acf_status read_act(acf_act *act, const cJSON *config, const char *key, const char *name,
                           acf_error *e)
{
    const char *text;
    ACF_TRY(acf_json_string(&text, config, key, "gelu", name, e));
    for (int i = 0; i < N_ACT_NAMES; i++)
        if (strcmp(text, act_name[i].name) == 0) {
            *act = act_name[i].act;
            return ACF_OK;
        }
    return acf_fail(e, ACF_ERR_MODEL, "%s: %s '%s' is not known (gelu, gelu_new, relu, tanh, silu)",
                    name, key, text);
}

static acf_status read_family(acf_bert *m, const cJSON *config, const char *name, acf_error *e)
{
    const char *type;
    ACF_TRY(acf_json_string(&type, config, "model_type", "bert", name, e));
    m->family = acf_bert_find_family(type);
    if (m->family == NULL)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: model_type '%s' is none of bert, roberta, distilbert, electra", name,
                        type);
    return ACF_OK;
}

/* What this code would compute wrongly is refused by name. */
static acf_status refuse_unsupported(const cJSON *config, const char *name, acf_error *e)
{
    const char *text;
    bool flag;
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
    ACF_TRY(acf_json_bool(&flag, config, "sinusoidal_pos_embds", false, name, e));
    if (flag)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: 'sinusoidal_pos_embds' is true: only learnt positions are supported",
                        name);
    return ACF_OK;
}

static acf_status read_size(int *out, const cJSON *config, const char *key, int64_t max,
                            const char *name, acf_error *e)
{
    int64_t x;
    ACF_TRY(acf_json_int(&x, config, key, 1, max, -1, name, e));
    if (x < 0) return acf_fail(e, ACF_ERR_MODEL, "%s: '%s' is missing", name, key);
    *out = (int)x;
    return ACF_OK;
}

static acf_status read_sizes(acf_bert *m, const cJSON *config, const char *name, acf_error *e)
{
    const acf_bert_family *f = m->family;
    int64_t types = 0, width;
    ACF_TRY(read_size(&m->C, config, f->key_width, MAX_WIDTH, name, e));
    ACF_TRY(read_size(&m->base.n_layers, config, f->key_layers, MAX_LAYERS, name, e));
    ACF_TRY(read_size(&m->A, config, f->key_heads, MAX_WIDTH, name, e));
    ACF_TRY(read_size(&m->F, config, f->key_ffn, 4 * MAX_WIDTH, name, e));
    ACF_TRY(read_size(&m->positions, config, "max_position_embeddings", 1 << 20, name, e));
    ACF_TRY(read_size(&m->base.vocab_size, config, "vocab_size", 1 << 26, name, e));
    if (f->has_types)
        ACF_TRY(acf_json_int(&types, config, "type_vocab_size", 1, 1 << 16, 2, name, e));
    m->base.n_types = (int)types;
    width = m->C;
    if (f->has_projection)
        ACF_TRY(acf_json_int(&width, config, "embedding_size", 1, MAX_WIDTH, 128, name, e));
    m->E = (int)width;
    int top = m->base.vocab_size - 1;
    ACF_TRY(acf_json_int(&m->pad_id, config, "pad_token_id", 0, top, f->pad_id, name, e));
    m->base.max_length = m->positions - (f->position_from_pad ? (int)m->pad_id + 1 : 0);
    if (m->base.max_length < 1)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: max_position_embeddings %d leaves no position behind pad_token_id %d",
                        name, m->positions, (int)m->pad_id);
    if (m->C % m->A != 0)
        return acf_fail(e, ACF_ERR_MODEL, "%s: %s %d is not a multiple of %s %d", name,
                        f->key_width, m->C, f->key_heads, m->A);
    return ACF_OK;
}

acf_status acf_bert_read_config(acf_bert *m, const cJSON *config, double dropout, const char *name,
                                acf_error *e)
{
    if (!cJSON_IsObject(config))
        return acf_fail(e, ACF_ERR_MODEL, "%s: is not a JSON object", name);
    ACF_TRY(read_family(m, config, name, e));
    const acf_bert_family *f = m->family;
    ACF_TRY(refuse_unsupported(config, name, e));
    ACF_TRY(read_sizes(m, config, name, e));
    ACF_TRY(read_act(&m->act, config, f->key_act, name, e));
    double below_one = 0.999999;
    ACF_TRY(
        acf_json_number(&m->p_hidden, config, f->key_hidden_dropout, 0, below_one, 0.1, name, e));
    ACF_TRY(acf_json_number(&m->p_prob, config, f->key_prob_dropout, 0, below_one, 0.1, name, e));
    ACF_TRY(acf_json_number(&m->p_classifier, config, f->key_head_dropout, 0, below_one,
                            f->head_dropout, name, e));
    m->eps = 1e-12;
    if (f->key_eps != NULL)
        ACF_TRY(acf_json_number(&m->eps, config, f->key_eps, 0, 1, m->eps, name, e));
    ACF_TRY(acf_json_number(&m->init_std, config, "initializer_range", 0, 10, 0.02, name, e));
    if (dropout >= 0) {
        m->p_hidden = m->p_prob = dropout;
        m->p_classifier = f->head_dropout < 0 ? -1 : dropout;
    }
    m->base.head_dropout = m->p_classifier >= 0 ? m->p_classifier : m->p_hidden;
    return ACF_OK;
}

cJSON *acf_bert_describe(const acf_encoder *enc, acf_error *e)
{
    const acf_bert *m = (const acf_bert *)(const void *)enc;
    const acf_bert_family *f = m->family;
    const struct {
        const char *key; /* NULL: the family has none */
        double value;
    } number[] = {
        {f->key_width, m->C},
        {f->has_projection ? "embedding_size" : NULL, m->E},
        {f->key_layers, enc->n_layers},
        {f->key_heads, m->A},
        {f->key_ffn, m->F},
        {f->key_hidden_dropout, m->p_hidden},
        {f->key_prob_dropout, m->p_prob},
        {m->p_classifier >= 0 ? f->key_head_dropout : NULL, m->p_classifier},
        {"max_position_embeddings", m->positions},
        {f->has_types ? "type_vocab_size" : NULL, enc->n_types},
        {"vocab_size", enc->vocab_size},
        {f->key_eps, m->eps},
        {"initializer_range", m->init_std},
        {"pad_token_id", (double)m->pad_id},
    };
    cJSON *c = cJSON_CreateObject();
    bool ok = c != NULL && cJSON_AddStringToObject(c, "model_type", f->model_type) != NULL;
    for (size_t i = 0; ok && i < sizeof number / sizeof *number; i++)
        ok = number[i].key == NULL ||
             cJSON_AddNumberToObject(c, number[i].key, number[i].value) != NULL;
    int act = 0;
    while (act_name[act].act != m->act)
        act++;
    ok = ok && cJSON_AddStringToObject(c, f->key_act, act_name[act].name) != NULL &&
         cJSON_AddStringToObject(c, "position_embedding_type", "absolute") != NULL;
    if (ok && m->p_classifier < 0) ok = cJSON_AddNullToObject(c, f->key_head_dropout) != NULL;
    if (ok) return c;
    cJSON_Delete(c);
    (void)acf_fail(e, ACF_ERR_RESOURCE, "config.json: not enough memory");
    return NULL;
}

static const struct {
    const char *name;
    int layers, width;
} presets[] = {{"bert-tiny", 2, 128}, {"bert-mini", 4, 256}, {"bert-small", 4, 512}};

/* Its place in the list; -1: none. */
static int find_preset(const char *name)
{
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(name, presets[i].name) == 0) return (int)i;
    return -1;
}

bool acf_bert_is_preset(const char *name)
{
    return find_preset(name) >= 0;
}

acf_status acf_bert_preset(cJSON **out, const char *preset, int vocab_size, acf_error *e)
{
    *out = NULL;
    int i = find_preset(preset);
    if (i < 0) return acf_fail(e, ACF_ERR_USAGE, "'%s' is no preset of a BERT", preset);
    int width = presets[i].width, heads = width / HEAD_WIDTH;
    cJSON *c = cJSON_CreateObject();
    if (c != NULL && cJSON_AddStringToObject(c, "model_type", "bert") != NULL &&
        cJSON_AddNumberToObject(c, "hidden_size", width) != NULL &&
        cJSON_AddNumberToObject(c, "num_hidden_layers", presets[i].layers) != NULL &&
        cJSON_AddNumberToObject(c, "num_attention_heads", heads) != NULL &&
        cJSON_AddNumberToObject(c, "intermediate_size", 4 * width) != NULL &&
        cJSON_AddNumberToObject(c, "max_position_embeddings", 512) != NULL &&
        cJSON_AddNumberToObject(c, "vocab_size", vocab_size) != NULL) {
        *out = c;
        return ACF_OK;
    }
    cJSON_Delete(c);
    return acf_fail(e, ACF_ERR_RESOURCE, "%s: not enough memory for its configuration", preset);
}
