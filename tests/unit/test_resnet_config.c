/* config.json of ResNets: presets, what is written is read, what is refused. */
#include "base/json.h"
#include "encoder/families.h"
#include "support/cm.h"

#include <stdio.h>

static acf_status open_text(acf_encoder **enc, const char *text, acf_error *e)
{
    cJSON *config;
    assert_ok(acf_json_parse(&config, text, strlen(text), "config.json", e), e);
    acf_status st = acf_encoder_open(enc, config, -1, -1, "config.json", e);
    cJSON_Delete(config);
    return st;
}

static size_t parameters_of(acf_encoder *enc)
{
    acf_params p = {0};
    acf_error e;
    assert_ok(enc->ops->plan(enc, &p, &e), &e);
    size_t n = acf_params_count(&p, true);
    acf_params_free(&p);
    return n;
}

/* Parameters without the classifier, as He et al. and torchvision have them (for the latter its
 * total without fc). */
static void presets_have_their_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int size, layers, d;
        size_t parameters;
    } want[] = {
        {"resnet20", 32, 9, 64, 269722 - 650},
        {"resnet32", 32, 15, 64, 464154 - 650},
        {"resnet44", 32, 21, 64, 658586 - 650},
        {"resnet56", 32, 27, 64, 853018 - 650},
        {"resnet110", 32, 54, 64, 1727962 - 650},
        {"resnet18", 224, 8, 512, 11689512 - 513000},
        {"resnet34", 224, 16, 512, 21797672 - 513000},
        {"resnet50", 224, 16, 2048, 25557032 - 2049000},
        {"resnet18", 32, 8, 512, 11689512 - 513000 - 3 * 64 * 40},
    };
    acf_error e;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        cJSON *config;
        acf_encoder *enc;
        const acf_preset_input input = {.channels = 3, .image_size = want[i].size};
        assert_ok(acf_encoder_preset(&config, want[i].name, &input, &e), &e);
        assert_ok(acf_encoder_open(&enc, config, -1, -1, "preset", &e), &e);
        cJSON_Delete(config);
        assert_int_equal(enc->n_layers, want[i].layers);
        assert_int_equal(enc->d, want[i].d);
        assert_int_equal(enc->image_size, want[i].size);
        assert_int_equal(enc->channels, 3);
        assert_true(enc->batch_statistics && enc->pooling == ACF_POOL_GAP);
        assert_int_equal(parameters_of(enc), want[i].parameters);
        acf_encoder_close(&enc);
    }
}

/* Multiply-adds of one image: 40.8 million for ResNet-20 at 32, 1.81 billion for ResNet-18 at 224
 * (He et al.: 1.8). */
static void counts_multiply_adds(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int size;
        double want;
    } cases[] = {
        {"resnet20", 32, 40.55e6}, {"resnet18", 224, 1.8136e9}, {"resnet50", 224, 4.087e9}};
    acf_error e;
    for (int i = 0; i < 3; i++) {
        cJSON *config;
        acf_encoder *enc;
        acf_params p = {0};
        const acf_preset_input input = {.channels = 3, .image_size = cases[i].size};
        assert_ok(acf_encoder_preset(&config, cases[i].name, &input, &e), &e);
        assert_ok(acf_encoder_open(&enc, config, -1, -1, "preset", &e), &e);
        cJSON_Delete(config);
        assert_ok(enc->ops->plan(enc, &p, &e), &e);
        double got = enc->ops->multiply_adds(enc, 2, 0, 0) / 2;
        if (!(got > 0.995 * cases[i].want && got < 1.005 * cases[i].want))
            fail_msg("%s: %g multiply-adds, expected about %g", cases[i].name, got, cases[i].want);
        acf_params_free(&p);
        acf_encoder_close(&enc);
    }
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    static const char *const text[] = {
        "{\"model_type\": \"resnet-cifar\", \"num_channels\": 1, \"image_size\": 28,"
        " \"embedding_size\": 8, \"hidden_sizes\": [8, 20], \"depths\": [2, 3],"
        " \"layer_type\": \"basic\", \"shortcut\": \"pad\"}",
        "{\"model_type\": \"resnet\", \"embedding_size\": 8, \"hidden_sizes\": [8, 20],"
        " \"depths\": [2, 3], \"downsample_in_first_stage\": true,"
        " \"downsample_in_bottleneck\": true}"};
    acf_error e;
    for (int i = 0; i < 2; i++) {
        acf_encoder *enc, *again;
        assert_ok(open_text(&enc, text[i], &e), &e);
        cJSON *first = enc->ops->describe(enc, &e), *second;
        assert_non_null(first);
        assert_ok(acf_encoder_open(&again, first, -1, -1, "config.json", &e), &e);
        second = again->ops->describe(again, &e);
        assert_non_null(second);
        assert_true(cJSON_Compare(first, second, true));
        assert_int_equal(parameters_of(enc), parameters_of(again));
        cJSON_Delete(first);
        cJSON_Delete(second);
        acf_encoder_close(&enc);
        acf_encoder_close(&again);
    }
}

#define CIFAR "{\"model_type\": \"resnet-cifar\", "
#define REST  "\"hidden_sizes\": [8, 20], \"depths\": [2, 3]}"

static void refuses_what_it_would_compute_wrongly(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{\"model_type\": \"resnet-v2\"}", "model_type 'resnet-v2' is not supported"},
        {"{}", "'model_type' is missing"},
        {CIFAR "\"hidden_act\": \"gelu\", " REST, "hidden_act 'gelu' is not supported"},
        {CIFAR "\"layer_type\": \"wide\", " REST, "layer_type 'wide' is neither"},
        {CIFAR "\"shortcut\": \"none\", " REST, "shortcut 'none' is neither pad nor conv"},
        {"{\"model_type\": \"resnet\", \"shortcut\": \"pad\", " REST, "'pad' needs model_type"},
        {CIFAR "\"num_channels\": 2, " REST, "num_channels is 2, images have 1 or 3"},
        {CIFAR "\"num_channels\": 4, " REST, "'num_channels'"},
        {CIFAR "\"depths\": [1]}", "'hidden_sizes' must be a list of 1 to 8"},
        {CIFAR "\"hidden_sizes\": [8], \"depths\": [1, 2]}", "1 hidden_sizes but 2 depths"},
        {CIFAR "\"hidden_sizes\": [8.5], \"depths\": [1]}", "'hidden_sizes': place 0"},
        {CIFAR "\"hidden_sizes\": [8], \"depths\": [0]}", "'depths': place 0"},
        {CIFAR "\"hidden_sizes\": [8], \"depths\": \"two\"}", "'depths' must be a list"},
        {CIFAR "\"layer_type\": \"bottleneck\", \"hidden_sizes\": [6], \"depths\": [1]}",
         "6 is not a multiple of 4"},
        {CIFAR "\"shortcut\": \"pad\", \"embedding_size\": 8, \"hidden_sizes\": [8, 11],"
               " \"depths\": [1, 1]}",
         "from 8 to 11 channels"},
        {CIFAR "\"shortcut\": \"pad\", \"embedding_size\": 8, \"hidden_sizes\": [8, 4],"
               " \"depths\": [1, 1]}",
         "from 8 to 4 channels"},
    };
    acf_error e;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        acf_encoder *enc;
        assert_fails(open_text(&enc, cases[i].text, &e), ACF_ERR_MODEL, cases[i].message, &e);
        assert_null(enc);
    }
}

static void has_one_pooling(void **state)
{
    (void)state;
    acf_encoder *enc;
    acf_error e;
    cJSON *config;
    const acf_preset_input input = {.channels = 3, .image_size = 32};
    assert_ok(acf_encoder_preset(&config, "resnet20", &input, &e), &e);
    assert_fails(acf_encoder_open(&enc, config, ACF_POOL_CLS, -1, "preset", &e), ACF_ERR_USAGE,
                 "a ResNet has 'gap' only", &e);
    cJSON_Delete(config);
    assert_fails(acf_encoder_preset(&config, "resnet19", &input, &e), ACF_ERR_USAGE, "resnet19",
                 &e);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(presets_have_their_sizes),
    cmocka_unit_test(counts_multiply_adds),
    cmocka_unit_test(reads_what_it_writes),
    cmocka_unit_test(refuses_what_it_would_compute_wrongly),
    cmocka_unit_test(has_one_pooling),
};

TEST_MAIN(tests)
