/* config.json of every family: the network it describes is planned, and described as it is read. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "base/json.h"
#include "encoder/families.h"

static void plan(acf_encoder *enc)
{
    acf_params p = {0};
    if (enc->ops->plan(enc, &p, NULL) == ACF_OK) {
        ACF_ASSERT(acf_params_planned(&p) >= acf_params_count(&p, false));
        (void)enc->ops->bytes(enc, 2, 8, 4, 32, true);
        (void)enc->ops->multiply_adds(enc, 2, 8, 32);
    }
    acf_params_free(&p);
}

static void read_again(const acf_encoder *enc)
{
    acf_encoder *copy;
    acf_error e;
    cJSON *described = enc->ops->describe(enc, &e);
    ACF_ASSERT(described != NULL);
    ACF_ASSERT(acf_encoder_open(&copy, described, (int)enc->pooling, -1, "again", &e) == ACF_OK);
    ACF_ASSERT(copy->d == enc->d && copy->n_layers == enc->n_layers);
    ACF_ASSERT(copy->vocab_size == enc->vocab_size && copy->max_length == enc->max_length);
    acf_encoder_close(&copy);
    cJSON_Delete(described);
}

void fuzz_one(fuzz_bytes in)
{
    cJSON *config;
    acf_encoder *enc;
    acf_error e;
    int pooling = (int)(fuzz_byte(&in) & 7) - 1;
    if (pooling > ACF_POOL_GAP) pooling = -1;
    if (acf_json_parse(&config, (const char *)in.at, in.len, "config.json", &e) != ACF_OK) return;
    if (acf_encoder_open(&enc, config, pooling, -1, "config.json", &e) == ACF_OK) {
        plan(enc);
        read_again(enc);
        acf_encoder_close(&enc);
    }
    cJSON_Delete(config);
}
