#include "encoder/families.h"

#include "base/json.h"
#include "encoder/bert.h"
#include "encoder/resnet.h"

#include <string.h>

static const struct {
    const char *model_type;
    acf_pooling pooling; /* where nobody asks for another */
    acf_status (*open)(acf_encoder **out, const cJSON *config, acf_pooling pooling, double dropout,
                       const char *name, acf_error *e);
} families[] = {
    {"bert", ACF_POOL_POOLER, acf_bert_open},       {"roberta", ACF_POOL_POOLER, acf_bert_open},
    {"distilbert", ACF_POOL_POOLER, acf_bert_open}, {"electra", ACF_POOL_POOLER, acf_bert_open},
    {"resnet", ACF_POOL_GAP, acf_resnet_open},      {"resnet-cifar", ACF_POOL_GAP, acf_resnet_open},
};
#define FAMILIES "bert, roberta, distilbert, electra, resnet and resnet-cifar"

acf_status acf_encoder_open(acf_encoder **out, const cJSON *config, int pooling, double dropout,
                            const char *name, acf_error *e)
{
    const char *type;
    *out = NULL;
    ACF_TRY_AS(ACF_ERR_MODEL, acf_json_string(&type, config, "model_type", NULL, name, e), e);
    if (type == NULL)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: 'model_type' is missing (" FAMILIES " are supported)", name);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(type, families[i].model_type) == 0)
            return families[i].open(out, config,
                                    pooling < 0 ? families[i].pooling : (acf_pooling)pooling,
                                    dropout, name, e);
    return acf_fail(e, ACF_ERR_MODEL, "%s: model_type '%s' is not supported (" FAMILIES " are)",
                    name, type);
}

acf_status acf_encoder_preset(cJSON **out, const char *preset, const acf_preset_input *input,
                              acf_error *e)
{
    if (acf_resnet_is_preset(preset))
        return acf_resnet_preset(out, preset, input->channels, input->image_size, e);
    return acf_bert_preset(out, preset, input->vocab_size, e);
}

bool acf_encoder_preset_facts(acf_preset_facts *out, const char *preset)
{
    bool is_image = acf_resnet_is_preset(preset), is_text = acf_bert_is_preset(preset);
    *out = (acf_preset_facts){.is_image = is_image,
                              .side = is_image ? acf_resnet_preset_side(preset) : 0,
                              .vocab_size = is_text ? ACF_BERT_PRESET_VOCAB : 0};
    return is_image || is_text;
}

void acf_encoder_close(acf_encoder **enc)
{
    if (*enc != NULL) (*enc)->ops->close(*enc);
    *enc = NULL;
}

const char *acf_pooling_name(acf_pooling pooling)
{
    switch (pooling) {
    case ACF_POOL_POOLER:
        return "pooler";
    case ACF_POOL_CLS:
        return "cls";
    case ACF_POOL_MEAN:
        return "mean";
    case ACF_POOL_GAP:
        return "gap";
    }
    return "";
}

bool acf_pooling_parse(acf_pooling *out, const char *name)
{
    for (int k = ACF_POOL_POOLER; k <= ACF_POOL_GAP; k++) {
        if (strcmp(acf_pooling_name((acf_pooling)k), name) != 0) continue;
        *out = (acf_pooling)k;
        return true;
    }
    return false;
}
