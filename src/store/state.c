#include "store/state.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/safetensors.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STATE ((size_t)64 << 20) /* bytes of trainer_state.json */
#define EXACT     ((int64_t)1 << 53) /* integers up to here are doubles */

struct acf_state {
    cJSON *tree;
    char *name; /* of the file, for messages */
};

acf_state *acf_state_new(acf_error *e)
{
    acf_state *s = acf_alloc(1, sizeof *s, "state", e);
    if (s == NULL) return NULL;
    s->name = acf_strdup("state", e);
    s->tree = cJSON_CreateObject();
    if (s->name == NULL || acf_json_check(s->tree, e) != ACF_OK) acf_state_close(&s);
    return s;
}

void acf_state_close(acf_state **out)
{
    acf_state *s = *out;
    *out = NULL;
    if (s == NULL) return;
    cJSON_Delete(s->tree);
    acf_free(s->name);
    acf_free(s);
}

/* Takes the item over. */
static acf_status add(acf_state *s, const char *key, cJSON *item, acf_error *e)
{
    if (cJSON_GetObjectItemCaseSensitive(s->tree, key) != NULL) {
        cJSON_Delete(item);
        return acf_fail(e, ACF_ERR_FAIL, "%s: '%s' is set twice", s->name, key);
    }
    return acf_json_put(s->tree, key, item) ? ACF_OK : acf_json_check(NULL, e);
}

/* cJSON prints 15 digits when they come close enough; 17 come back exactly. */
static cJSON *number_item(double x)
{
    char text[40];
    if (isnan(x)) return cJSON_CreateString("NaN");
    if (isinf(x)) return cJSON_CreateString(x > 0 ? "Infinity" : "-Infinity");
    (void)snprintf(text, sizeof text, "%.17g", x);
    return cJSON_CreateRaw(text);
}

/* The number of an item, whether parsed or just set. */
static bool item_number(double *out, const cJSON *item)
{
    if (cJSON_IsNumber(item)) {
        *out = item->valuedouble;
        return true;
    }
    if (cJSON_IsRaw(item)) {
        *out = strtod(item->valuestring, NULL);
        return true;
    }
    if (!cJSON_IsString(item)) return false;
    if (strcmp(item->valuestring, "NaN") == 0)
        *out = (double)NAN;
    else if (strcmp(item->valuestring, "Infinity") == 0)
        *out = (double)INFINITY;
    else if (strcmp(item->valuestring, "-Infinity") == 0)
        *out = (double)-INFINITY;
    else
        return false;
    return true;
}

acf_status acf_state_set_int(acf_state *s, const char *key, int64_t value, acf_error *e)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    bool exact = value >= -EXACT && value <= EXACT;
    return add(s, key, exact ? cJSON_CreateRaw(text) : cJSON_CreateString(text), e);
}

acf_status acf_state_set_number(acf_state *s, const char *key, double value, acf_error *e)
{
    return add(s, key, number_item(value), e);
}

static acf_status find(const cJSON **item, const acf_state *s, const char *key, acf_error *e)
{
    *item = cJSON_GetObjectItemCaseSensitive(s->tree, key);
    if (*item != NULL) return ACF_OK;
    return acf_fail(e, ACF_ERR_FORMAT, "%s: '%s' is missing", s->name, key);
}

/* All of text as a decimal int64. */
static bool text_int(int64_t *out, const char *text)
{
    const char *c = text + (text[0] == '-');
    uint64_t magnitude = 0;
    if (*c == '\0') return false;
    for (; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || __builtin_mul_overflow(magnitude, 10, &magnitude) ||
            __builtin_add_overflow(magnitude, (uint64_t)(*c - '0'), &magnitude))
            return false;
    }
    bool negative = text[0] == '-';
    if (magnitude > (uint64_t)INT64_MAX + negative) return false;
    /* -1 - (m - 1): the magnitude of INT64_MIN is no int64 */
    *out = !negative || magnitude == 0 ? (int64_t)magnitude : -1 - (int64_t)(magnitude - 1);
    return true;
}

acf_status acf_state_get_int(int64_t *out, const acf_state *s, const char *key, int64_t min,
                             int64_t max, acf_error *e)
{
    const cJSON *item;
    int64_t value = 0;
    ACF_TRY(find(&item, s, key, e));
    bool ok;
    if (cJSON_IsString(item) || cJSON_IsRaw(item)) {
        ok = text_int(&value, item->valuestring);
    } else {
        double x = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
        ok = fabs(x) <= (double)EXACT && floor(x) == x;
        if (ok) value = (int64_t)x;
    }
    if (!ok) return acf_fail(e, ACF_ERR_FORMAT, "%s: '%s' is not an integer", s->name, key);
    if (value < min || value > max)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: '%s' = %" PRId64 " is out of range [%" PRId64 ", %" PRId64 "]",
                        s->name, key, value, min, max);
    *out = value;
    return ACF_OK;
}

acf_status acf_state_get_number(double *out, const acf_state *s, const char *key, double min,
                                double max, acf_error *e)
{
    const cJSON *item;
    double x;
    ACF_TRY(find(&item, s, key, e));
    if (!item_number(&x, item))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: '%s' is not a number", s->name, key);
    bool any = isinf(min) && isinf(max) && min < max;
    if (!any && !(x >= min && x <= max))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: '%s' = %g is out of range [%g, %g]", s->name, key,
                        x, min, max);
    *out = x;
    return ACF_OK;
}

acf_status acf_state_save(const acf_state *s, const char *path, char hex[ACF_DIGEST_HEX + 1],
                          acf_error *e)
{
    char *text = acf_json_print(s->tree, true, e);
    if (text == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_write_synced(path, text, strlen(text), e);
    if (st == ACF_OK && hex != NULL) acf_digest_bytes(hex, text, strlen(text));
    acf_free(text);
    return st;
}

acf_status acf_state_load(acf_state **out, const char *path, acf_error *e)
{
    *out = NULL;
    acf_state *s = acf_alloc(1, sizeof *s, "state", e);
    if (s == NULL) return ACF_ERR_RESOURCE;
    s->name = acf_strdup(path, e);
    acf_status st = s->name == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    if (st == ACF_OK) st = acf_json_read(&s->tree, path, MAX_STATE, e);
    if (st == ACF_OK && !cJSON_IsObject(s->tree))
        st = acf_fail(e, ACF_ERR_FORMAT, "%s: is not a JSON object", path);
    if (st == ACF_OK)
        *out = s;
    else
        acf_state_close(&s);
    return st;
}
