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

void acf_bert_set_names(acf_bert *m)
{
    static const acf_rename rename[] = {{".LayerNorm.gamma", ".LayerNorm.weight"},
                                        {".LayerNorm.beta", ".LayerNorm.bias"},
                                        {NULL, NULL}};
    static const char *const ignore[] = {"cls.*", "*.position_ids", NULL};
    static const char *const pooler[] = {"bert.pooler.*", "pooler.*", NULL};
    bool pools = m->base.pooling == ACF_POOL_POOLER;
    m->base.names = (acf_encoder_names){
        .rules = {.prefix = "bert.",
                  .rename = rename,
                  .ignore = ignore,
                  .optional = pools ? pooler : NULL},
        .unused = pools ? NULL : pooler,
        .head_weight = "classifier.weight",
        .head_bias = "classifier.bias",
        .model_class = pools ? "BertForSequenceClassification" : NULL,
        .body_class = "BertModel",
    };
}

static acf_status read_act(acf_act *act, const cJSON *config, const char *name, acf_error *e)
{
    const char *text;
    ACF_TRY(acf_json_string(&text, config, "hidden_act", "gelu", name, e));
    for (int i = 0; i < N_ACT_NAMES; i++)
        if (strcmp(text, act_name[i].name) == 0) {
            *act = act_name[i].act;
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

static acf_status read_sizes(acf_bert *m, const cJSON *config, const char *name, acf_error *e)
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

acf_status acf_bert_read_config(acf_bert *m, const cJSON *config, double dropout, const char *name,
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

cJSON *acf_bert_describe(const acf_encoder *enc, acf_error *e)
{
    const acf_bert *m = (const acf_bert *)(const void *)enc;
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
    int act = 0;
    while (act_name[act].act != m->act)
        act++;
    ok = ok && cJSON_AddStringToObject(c, "hidden_act", act_name[act].name) != NULL &&
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

acf_status acf_bert_preset(cJSON **out, const char *preset, int vocab_size, acf_error *e)
{
    *out = NULL;
    size_t i = 0;
    while (i < sizeof presets / sizeof *presets && strcmp(preset, presets[i].name) != 0)
        i++;
    if (i == sizeof presets / sizeof *presets)
        return acf_fail(e, ACF_ERR_USAGE, "'%s' is no preset of a BERT", preset);
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
