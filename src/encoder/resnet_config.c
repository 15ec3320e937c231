/* config.json <-> the network's sizes, names on disk, and the presets. */
#include "encoder/resnet_internal.h"

#include "base/json.h"

#include <string.h>

#define MAX_WIDTH 16384
#define MAX_DEPTH 1000
#define MAX_SIZE  8192
#define CIFAR     "resnet-cifar" /* transformers knows no such type and says so */
#define IMAGENET  "resnet"

enum { CIFAR_SIZE = 32, IMAGENET_SIZE = 224, LARGEST_CIFAR_SIZE = 64 };

void acf_resnet_set_names(acf_resnet *m)
{
    /* What others write for a CIFAR ResNet: the classifier as `linear`, the shortcut's two modules
     * as `shortcut`, all of it wrapped by DataParallel. */
    static const acf_rename cifar[] = {{"linear.weight", "fc.weight"},
                                       {"linear.bias", "fc.bias"},
                                       {".shortcut.0.weight", ".downsample.0.weight"},
                                       {".shortcut.1.weight", ".downsample.1.weight"},
                                       {".shortcut.1.bias", ".downsample.1.bias"},
                                       {".shortcut.1.running_mean", ".downsample.1.running_mean"},
                                       {".shortcut.1.running_var", ".downsample.1.running_var"},
                                       {NULL, NULL}};
    static const char *const ignore[] = {"*num_batches_tracked", NULL};
    m->base.names = m->cifar ? (acf_encoder_names){
        .rules = {.prefix = "module.", .rename = cifar, .ignore = ignore},
        .head_weight = "fc.weight",
        .head_bias = "fc.bias",
    } : (acf_encoder_names){
        .rules = {.prefix = "resnet.", .ignore = ignore},
        .head_weight = "classifier.1.weight",
        .head_bias = "classifier.1.bias",
        .model_class = "ResNetForImageClassification",
        .body_class = "ResNetModel",
    };
}

static acf_status read_int(int *out, const cJSON *config, const char *key, int max, int fallback,
                           const char *name, acf_error *e)
{
    int64_t x;
    ACF_TRY(acf_json_int(&x, config, key, 1, max, fallback, name, e));
    *out = (int)x;
    return ACF_OK;
}

/* A list of whole numbers, *n of them. */
static acf_status read_list(int *list, int *n, const cJSON *config, const char *key, int max,
                            const char *name, acf_error *e)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(config, key);
    int count = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : 0;
    if (count < 1 || count > ACF_RESNET_MAX_STAGES)
        return acf_fail(e, ACF_ERR_MODEL, "%s: '%s' must be a list of 1 to %d whole numbers", name,
                        key, ACF_RESNET_MAX_STAGES);
    for (int i = 0; i < count; i++) {
        const cJSON *item = cJSON_GetArrayItem(array, i);
        double x = cJSON_IsNumber(item) ? item->valuedouble : 0;
        if (!(x >= 1 && x <= max && x <= (int)x && x >= (int)x))
            return acf_fail(e, ACF_ERR_MODEL, "%s: '%s': place %d is no whole number of 1 .. %d",
                            name, key, i, max);
        list[i] = (int)x;
    }
    *n = count;
    return ACF_OK;
}

static acf_status read_kind(acf_resnet *m, const cJSON *config, const char *name, acf_error *e)
{
    const char *text;
    ACF_TRY(acf_json_string(&text, config, "model_type", "", name, e));
    m->cifar = strcmp(text, CIFAR) == 0;
    if (!m->cifar && strcmp(text, IMAGENET) != 0)
        return acf_fail(e, ACF_ERR_MODEL, "%s: model_type '%s' is not a ResNet", name, text);
    ACF_TRY(acf_json_string(&text, config, "hidden_act", "relu", name, e));
    if (strcmp(text, "relu") != 0)
        return acf_fail(e, ACF_ERR_MODEL, "%s: hidden_act '%s' is not supported, only 'relu'", name,
                        text);
    ACF_TRY(
        acf_json_string(&text, config, "layer_type", m->cifar ? "basic" : "bottleneck", name, e));
    m->bottleneck = strcmp(text, "bottleneck") == 0;
    if (!m->bottleneck && strcmp(text, "basic") != 0)
        return acf_fail(e, ACF_ERR_MODEL, "%s: layer_type '%s' is neither basic nor bottleneck",
                        name, text);
    ACF_TRY(acf_json_string(&text, config, "shortcut", "conv", name, e));
    m->shortcut = strcmp(text, "pad") == 0 ? ACF_SHORTCUT_PAD : ACF_SHORTCUT_CONV;
    if (strcmp(text, "pad") != 0 && strcmp(text, "conv") != 0)
        return acf_fail(e, ACF_ERR_MODEL, "%s: shortcut '%s' is neither pad nor conv", name, text);
    if (m->shortcut == ACF_SHORTCUT_PAD && !m->cifar)
        return acf_fail(e, ACF_ERR_MODEL, "%s: shortcut 'pad' needs model_type '%s'", name, CIFAR);
    return ACF_OK;
}

/* What blocks ask of their widths. */
static acf_status check_widths(const acf_resnet *m, const char *name, acf_error *e)
{
    int before = m->width;
    for (int s = 0; s < m->stages; s++) {
        int C = m->hidden[s];
        if (m->bottleneck && C % 4 != 0)
            return acf_fail(e, ACF_ERR_MODEL,
                            "%s: hidden_sizes: %d is not a multiple of 4 (bottleneck)", name, C);
        if (m->shortcut == ACF_SHORTCUT_PAD && (C < before || (C - before) % 2 != 0))
            return acf_fail(e, ACF_ERR_MODEL,
                            "%s: hidden_sizes: from %d to %d channels, shortcut 'pad' adds an even "
                            "number",
                            name, before, C);
        before = C;
    }
    return ACF_OK;
}

acf_status acf_resnet_read_config(acf_resnet *m, const cJSON *config, const char *name,
                                  acf_error *e)
{
    int n = 0;
    if (!cJSON_IsObject(config))
        return acf_fail(e, ACF_ERR_MODEL, "%s: is not a JSON object", name);
    ACF_TRY(read_kind(m, config, name, e));
    ACF_TRY(read_int(&m->base.channels, config, "num_channels", 3, 3, name, e));
    if (m->base.channels == 2)
        return acf_fail(e, ACF_ERR_MODEL, "%s: num_channels is 2, images have 1 or 3", name);
    ACF_TRY(read_int(&m->base.image_size, config, "image_size", MAX_SIZE,
                     m->cifar ? CIFAR_SIZE : IMAGENET_SIZE, name, e));
    ACF_TRY(read_int(&m->width, config, "embedding_size", MAX_WIDTH, 64, name, e));
    ACF_TRY(read_list(m->hidden, &m->stages, config, "hidden_sizes", MAX_WIDTH, name, e));
    ACF_TRY(read_list(m->depth, &n, config, "depths", MAX_DEPTH, name, e));
    if (n != m->stages)
        return acf_fail(e, ACF_ERR_MODEL, "%s: %d hidden_sizes but %d depths", name, m->stages, n);
    ACF_TRY(acf_json_bool(&m->early, config, "downsample_in_first_stage", false, name, e));
    ACF_TRY(acf_json_bool(&m->in_first_conv, config, "downsample_in_bottleneck", false, name, e));
    return check_widths(m, name, e);
}

static bool add_list(cJSON *c, const char *key, const int *list, int n)
{
    cJSON *array = cJSON_AddArrayToObject(c, key);
    bool ok = array != NULL;
    for (int i = 0; ok && i < n; i++)
        ok = cJSON_AddItemToArray(array, cJSON_CreateNumber(list[i]));
    return ok;
}

cJSON *acf_resnet_describe(const acf_encoder *enc, acf_error *e)
{
    const acf_resnet *m = acf_resnet_view(enc);
    cJSON *c = cJSON_CreateObject();
    bool ok =
        c != NULL &&
        cJSON_AddStringToObject(c, "model_type", m->cifar ? CIFAR : IMAGENET) != NULL &&
        cJSON_AddNumberToObject(c, "num_channels", enc->channels) != NULL &&
        cJSON_AddNumberToObject(c, "image_size", enc->image_size) != NULL &&
        cJSON_AddNumberToObject(c, "embedding_size", m->width) != NULL &&
        add_list(c, "hidden_sizes", m->hidden, m->stages) &&
        add_list(c, "depths", m->depth, m->stages) &&
        cJSON_AddStringToObject(c, "layer_type", m->bottleneck ? "bottleneck" : "basic") != NULL &&
        cJSON_AddStringToObject(c, "hidden_act", "relu") != NULL &&
        cJSON_AddBoolToObject(c, "downsample_in_first_stage", m->early) != NULL &&
        cJSON_AddBoolToObject(c, "downsample_in_bottleneck", m->in_first_conv) != NULL;
    if (ok && m->cifar)
        ok = cJSON_AddStringToObject(c, "shortcut",
                                     m->shortcut == ACF_SHORTCUT_PAD ? "pad" : "conv") != NULL;
    if (ok) return c;
    cJSON_Delete(c);
    (void)acf_fail(e, ACF_ERR_RESOURCE, "config.json: not enough memory");
    return NULL;
}

static const struct {
    const char *name;
    int depth[4]; /* blocks of each stage; three stages where the last is 0 */
    bool bottleneck;
} presets[] = {
    {"resnet20", {3, 3, 3, 0}, false},     {"resnet32", {5, 5, 5, 0}, false},
    {"resnet44", {7, 7, 7, 0}, false},     {"resnet56", {9, 9, 9, 0}, false},
    {"resnet110", {18, 18, 18, 0}, false}, {"resnet18", {2, 2, 2, 2}, false},
    {"resnet34", {3, 4, 6, 3}, false},     {"resnet50", {3, 4, 6, 3}, true},
};

static int find_preset(const char *name)
{
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(name, presets[i].name) == 0) return (int)i;
    return -1;
}

bool acf_resnet_is_preset(const char *name)
{
    return find_preset(name) >= 0;
}

int acf_resnet_preset_side(const char *name)
{
    int k = find_preset(name);
    if (k < 0) return 0;
    return presets[k].depth[3] == 0 ? CIFAR_SIZE : IMAGENET_SIZE;
}

acf_status acf_resnet_preset(cJSON **out, const char *preset, int channels, int size, acf_error *e)
{
    *out = NULL;
    int k = find_preset(preset);
    if (k < 0) return acf_fail(e, ACF_ERR_USAGE, "'%s' is no preset", preset);
    bool narrow = presets[k].depth[3] == 0, bottleneck = presets[k].bottleneck;
    acf_resnet m = {.cifar = narrow || size <= LARGEST_CIFAR_SIZE,
                    .bottleneck = bottleneck,
                    .shortcut = narrow ? ACF_SHORTCUT_PAD : ACF_SHORTCUT_CONV,
                    .width = narrow ? 16 : 64,
                    .stages = narrow ? 3 : 4};
    m.base.channels = channels;
    m.base.image_size = size;
    for (int s = 0; s < m.stages; s++) {
        m.depth[s] = presets[k].depth[s];
        m.hidden[s] = (m.width << s) * (bottleneck ? 4 : 1);
    }
    *out = acf_resnet_describe(&m.base, e);
    return *out == NULL ? ACF_ERR_RESOURCE : ACF_OK;
}
