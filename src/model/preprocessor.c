#include "model/preprocessor.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "image/probe.h"

#include <math.h>
#include <string.h>

#define MAX_BYTES ((size_t)1 << 20)

/* "resample", as PIL numbers them. */
enum { PIL_BILINEAR = 2, PIL_BICUBIC = 3 };
static const char *const resample_name[] = {"nearest", "lanczos", "bilinear",
                                            "bicubic", "box",     "hamming"};

/* A list of one number or of one for each channel; *found is false when the key is not there.
 * Ranges are those of data.image.mean and .std. */
static acf_status read_channels(double out[3], bool *found, const cJSON *tree, const char *key,
                                bool is_divisor, int channels, const char *name, acf_error *e)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, key);
    *found = list != NULL && !cJSON_IsNull(list);
    if (!*found) return ACF_OK;
    int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    if (n != 1 && n != channels)
        return acf_fail(e, ACF_ERR_MODEL, "%s: '%s' must be a list of %s%d numbers", name, key,
                        channels == 1 ? "" : "1 or ", channels);
    for (int c = 0; c < channels; c++) {
        const cJSON *item = cJSON_GetArrayItem(list, n == 1 ? 0 : c);
        double x = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
        if (!(is_divisor ? x > 0 && x <= 10 : x >= 0 && x <= 1))
            return acf_fail(e, ACF_ERR_MODEL, "%s: '%s': number %d is not in %s", name, key, c + 1,
                            is_divisor ? "(0, 10]" : "[0, 1]");
        out[c] = x;
    }
    return ACF_OK;
}

static acf_status read_scale(acf_image_prep *prep, const cJSON *tree, const char *mean,
                             const char *std, const char *name, acf_error *e)
{
    bool has_mean, has_std;
    double m[3] = {0}, s[3] = {0};
    ACF_TRY(read_channels(m, &has_mean, tree, mean, false, prep->channels, name, e));
    ACF_TRY(read_channels(s, &has_std, tree, std, true, prep->channels, name, e));
    if (has_mean != has_std)
        return acf_fail(e, ACF_ERR_MODEL, "%s: has '%s' without '%s'", name, has_mean ? mean : std,
                        has_mean ? std : mean);
    memcpy(prep->mean, m, sizeof m);
    memcpy(prep->std, s, sizeof s);
    return ACF_OK;
}

/* One side of "size" or "crop_size": 224, {"shortest_edge": 224} or {"height": 224, "width": 224};
 * 0 when it is not there. */
static acf_status read_side(int *out, const cJSON *tree, const char *key, const char *name,
                            acf_error *e)
{
    static const char *const members[] = {"shortest_edge", "height"};
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, key);
    int64_t side = 0, width = 0;
    *out = 0;
    if (item == NULL || cJSON_IsNull(item)) return ACF_OK;
    if (cJSON_IsNumber(item))
        ACF_TRY(acf_json_int(&side, tree, key, 1, ACF_IMAGE_MAX_SIDE, 0, name, e));
    for (int i = 0; i < 2 && side == 0 && cJSON_IsObject(item); i++)
        ACF_TRY(acf_json_int(&side, item, members[i], 1, ACF_IMAGE_MAX_SIDE, 0, name, e));
    if (cJSON_IsObject(item))
        ACF_TRY(acf_json_int(&width, item, "width", 1, ACF_IMAGE_MAX_SIDE, side, name, e));
    if (side != 0 && width != 0 && width != side)
        return acf_fail(e, ACF_ERR_MODEL, "%s: '%s' is %lld x %lld, only squares are supported",
                        name, key, (long long)width, (long long)side);
    if (side == 0)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: '%s' must be a number, {shortest_edge} or {height, width}", name, key);
    *out = (int)side;
    return ACF_OK;
}

static acf_status read_filter(acf_image_prep *prep, const cJSON *tree, int usual, const char *name,
                              acf_error *e)
{
    int64_t pil;
    ACF_TRY(acf_json_int(&pil, tree, "resample", 0, 5, usual, name, e));
    prep->filter = pil == PIL_BICUBIC ? ACF_BICUBIC : ACF_BILINEAR;
    if (pil == PIL_BILINEAR || pil == PIL_BICUBIC) return ACF_OK;
    return acf_fail(e, ACF_ERR_MODEL,
                    "%s: 'resample' is %d (%s), only 2 (bilinear) and 3 (bicubic) are supported",
                    name, (int)pil, resample_name[pil]);
}

/* The processor of transformers' ResNets, which has usual values and a rule of its own. */
static bool is_convnext(const cJSON *tree)
{
    static const char *const key[] = {"image_processor_type", "feature_extractor_type"};
    for (int i = 0; i < 2; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, key[i]);
        if (cJSON_IsString(item)) return strncmp(item->valuestring, "ConvNext", 8) == 0;
    }
    return false;
}

/* What is resized to, how, and what is cut out. */
static acf_status read_sizes(acf_image_prep *prep, const cJSON *tree, const char *name,
                             acf_error *e)
{
    enum { SQUEEZED = 384 }; /* from here on a ConvNext processor cuts nothing off a square */
    int size, crop;
    bool is_cut, convnext = is_convnext(tree);
    double share;
    ACF_TRY(read_filter(prep, tree, convnext ? PIL_BICUBIC : PIL_BILINEAR, name, e));
    ACF_TRY(read_side(&size, tree, "size", name, e));
    ACF_TRY(read_side(&crop, tree, "crop_size", name, e));
    ACF_TRY(acf_json_bool(&is_cut, tree, "do_center_crop", crop != 0, name, e));
    ACF_TRY(acf_json_number(&share, tree, "crop_pct", 0.1, 1, convnext ? 0.875 : 1, name, e));
    if (convnext && size >= SQUEEZED) share = 1;
    if (!is_cut || crop == 0) crop = size;
    prep->size = crop;
    prep->edge = (int)(size / share);
    if (prep->edge < prep->size) prep->edge = prep->size;
    return ACF_OK;
}

/* preprocessor_config.json as transformers writes it. */
static acf_status read_config(acf_image_prep *prep, const cJSON *tree, const char *name,
                              acf_error *e)
{
    bool resizes, rescales, normalizes;
    double factor;
    ACF_TRY(read_sizes(prep, tree, name, e));
    ACF_TRY(acf_json_bool(&resizes, tree, "do_resize", true, name, e));
    if (!resizes)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: 'do_resize' is false, not supported: where all images have the size "
                        "of the network, take the key away",
                        name);
    ACF_TRY(acf_json_bool(&rescales, tree, "do_rescale", true, name, e));
    ACF_TRY(acf_json_number(&factor, tree, "rescale_factor", 0, 1, 1 / 255.0, name, e));
    if (!rescales || !(fabs(factor * 255 - 1) < 1e-6))
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s: levels are not divided by 255 ('do_rescale' %s, 'rescale_factor' %g): "
                        "not supported",
                        name, rescales ? "true" : "false", factor);
    ACF_TRY(acf_json_bool(&normalizes, tree, "do_normalize", true, name, e));
    if (normalizes) return read_scale(prep, tree, "image_mean", "image_std", name, e);
    for (int c = 0; c < prep->channels; c++)
        prep->mean[c] = 0, prep->std[c] = 1;
    return ACF_OK;
}

/* "image" of acf.json. */
static acf_status read_card(acf_image_prep *prep, const cJSON *image, const char *name,
                            acf_error *e)
{
    int64_t size, edge;
    ACF_TRY(read_filter(prep, image, PIL_BILINEAR, name, e));
    ACF_TRY(acf_json_int(&size, image, "size", 1, ACF_IMAGE_MAX_SIDE, 0, name, e));
    ACF_TRY(acf_json_int(&edge, image, "edge", 1, ACF_IMAGE_MAX_SIDE, size, name, e));
    if (edge < size)
        return acf_fail(e, ACF_ERR_MODEL, "%s: 'edge' = %lld is less than 'size' = %lld", name,
                        (long long)edge, (long long)size);
    prep->size = (int)size;
    prep->edge = (int)edge;
    return read_scale(prep, image, "mean", "std", name, e);
}

acf_status acf_preprocessor_read(acf_image_prep *prep, const cJSON *card, const char *card_path,
                                 const char *dir, acf_error *e)
{
    const cJSON *image = card != NULL ? cJSON_GetObjectItemCaseSensitive(card, "image") : NULL;
    cJSON *tree = NULL;
    if (cJSON_IsObject(image)) return read_card(prep, image, card_path, e);
    char *path = acf_path_join(dir, "preprocessor_config.json", e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    if (acf_path_exists(path)) {
        st = acf_json_read(&tree, path, MAX_BYTES, e);
        if (st == ACF_OK) st = read_config(prep, tree, path, e);
        cJSON_Delete(tree);
    }
    acf_free(path);
    return st;
}

acf_status acf_preprocessor_set(acf_image_prep *prep, const acf_config *cfg, int size, acf_error *e)
{
    const acf_numbers *mean = &cfg->data.image.mean, *std = &cfg->data.image.std;
    if (cfg->data.image.size > 0) prep->size = prep->edge = cfg->data.image.size;
    if (prep->size == 0) prep->size = prep->edge = size;
    if (mean->n == 0) return ACF_OK;
    if (mean->n != 1 && mean->n != (size_t)prep->channels)
        return acf_fail(e, ACF_ERR_USAGE,
                        "data.image.mean has %zu numbers, but the encoder takes images of %d "
                        "channel%s",
                        mean->n, prep->channels, prep->channels == 1 ? "" : "s");
    for (int c = 0; c < prep->channels; c++) {
        prep->mean[c] = mean->item[mean->n == 1 ? 0 : c];
        prep->std[c] = std->item[mean->n == 1 ? 0 : c];
    }
    return ACF_OK;
}

static int pil_filter(const acf_image_prep *prep)
{
    return prep->filter == ACF_BICUBIC ? PIL_BICUBIC : PIL_BILINEAR;
}

static bool add_numbers(cJSON *c, const char *key, const double *x, int n)
{
    cJSON *list = cJSON_AddArrayToObject(c, key);
    bool ok = list != NULL;
    for (int i = 0; ok && i < n; i++)
        ok = cJSON_AddItemToArray(list, cJSON_CreateNumber(x[i]));
    return ok;
}

acf_status acf_preprocessor_make(cJSON **out, const acf_image_prep *prep, acf_error *e)
{
    cJSON *c = cJSON_CreateObject(), *size = NULL, *crop = NULL;
    bool is_scaled = prep->std[0] > 0;
    bool ok = c != NULL &&
              cJSON_AddStringToObject(c, "image_processor_type", "CLIPImageProcessor") != NULL &&
              cJSON_AddBoolToObject(c, "do_convert_rgb", prep->channels == 3) != NULL &&
              cJSON_AddBoolToObject(c, "do_resize", true) != NULL &&
              (size = cJSON_AddObjectToObject(c, "size")) != NULL &&
              cJSON_AddNumberToObject(size, "shortest_edge", prep->edge) != NULL &&
              cJSON_AddNumberToObject(c, "resample", pil_filter(prep)) != NULL &&
              cJSON_AddBoolToObject(c, "do_center_crop", true) != NULL &&
              (crop = cJSON_AddObjectToObject(c, "crop_size")) != NULL &&
              cJSON_AddNumberToObject(crop, "height", prep->size) != NULL &&
              cJSON_AddNumberToObject(crop, "width", prep->size) != NULL &&
              cJSON_AddBoolToObject(c, "do_rescale", true) != NULL &&
              cJSON_AddNumberToObject(c, "rescale_factor", 1.0 / 255.0) != NULL;
    if (ok && is_scaled)
        ok = cJSON_AddBoolToObject(c, "do_normalize", true) != NULL &&
             add_numbers(c, "image_mean", prep->mean, prep->channels) &&
             add_numbers(c, "image_std", prep->std, prep->channels);
    *out = ok ? c : NULL;
    if (!ok) cJSON_Delete(c);
    return acf_json_check(*out, e);
}

acf_status acf_preprocessor_card(cJSON **out, const acf_image_prep *prep, acf_error *e)
{
    cJSON *c = cJSON_CreateObject();
    bool ok = c != NULL && cJSON_AddNumberToObject(c, "size", prep->size) != NULL &&
              cJSON_AddNumberToObject(c, "edge", prep->edge) != NULL &&
              cJSON_AddNumberToObject(c, "resample", pil_filter(prep)) != NULL &&
              add_numbers(c, "mean", prep->mean, prep->channels) &&
              add_numbers(c, "std", prep->std, prep->channels);
    *out = ok ? c : NULL;
    if (!ok) cJSON_Delete(c);
    return acf_json_check(*out, e);
}
