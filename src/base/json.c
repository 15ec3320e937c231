#include "base/json.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64

void acf_json_start(void)
{
    cJSON_Hooks hooks = {.malloc_fn = acf_hook_malloc, .free_fn = acf_hook_free};
    cJSON_InitHooks(&hooks);
}

/* Nesting is counted before cJSON sees the text: its own limit is 1000 levels of recursion. */
static acf_status check_text(const char *text, size_t len, const char *name, acf_error *e)
{
    int depth = 0;
    bool in_string = false;
    int line = 1;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '\0')
            return acf_fail(e, ACF_ERR_FORMAT, "%s:%d: NUL byte in JSON text", name, line);
        if (c == '\n') line++;
        if (in_string) {
            /* cJSON's strings end at a NUL: what follows it would be lost without a word. */
            if (c == '\\' && len - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0)
                return acf_fail(e, ACF_ERR_FORMAT, "%s:%d: '\\u0000' in a JSON string", name, line);
            if (c == '\\' && i + 1 < len && text[i + 1] != '\0')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > MAX_DEPTH)
                return acf_fail(e, ACF_ERR_FORMAT, "%s:%d: JSON nested deeper than %d levels", name,
                                line, MAX_DEPTH);
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return ACF_OK;
}

acf_status acf_json_parse(cJSON **out, const char *text, size_t len, const char *name, acf_error *e)
{
    *out = NULL;
    if (len == 0) return acf_fail(e, ACF_ERR_FORMAT, "%s: is empty, expected JSON", name);
    ACF_TRY(check_text(text, len, name, e));
    const char *end = NULL;
    size_t failures = acf_mem_failures();
    cJSON *tree = cJSON_ParseWithLengthOpts(text, len, &end, 0);
    if (tree != NULL) {
        while (end < text + len && (*end == ' ' || *end == '\n' || *end == '\r' || *end == '\t'))
            end++;
        if (end == text + len) {
            *out = tree;
            return ACF_OK;
        }
        cJSON_Delete(tree);
    }
    if (acf_mem_failures() != failures)
        return acf_fail(e, ACF_ERR_RESOURCE, "%s: not enough memory to parse", name);
    int line = 1, column = 1;
    for (const char *at = text; at < text + len && end != NULL && at < end; at++) {
        column++;
        if (*at == '\n') {
            line++;
            column = 1;
        }
    }
    return acf_fail(e, ACF_ERR_FORMAT, "%s:%d:%d: malformed JSON", name, line, column);
}

acf_status acf_json_read(cJSON **out, const char *path, size_t max_bytes, acf_error *e)
{
    char *text;
    size_t len;
    *out = NULL;
    ACF_TRY(acf_read_file(&text, &len, path, max_bytes, e));
    acf_status st = acf_json_parse(out, text, len, path, e);
    acf_free(text);
    return st;
}

acf_status acf_json_read_in(cJSON **out, const char *dir, const char *name, size_t max_bytes,
                            acf_error *e)
{
    *out = NULL;
    char *path = acf_path_join(dir, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_path_exists(path) ? acf_json_read(out, path, max_bytes, e) : ACF_OK;
    acf_free(path);
    return st;
}

static const cJSON *member(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(item) ? NULL : item;
}

acf_status acf_json_number(double *out, const cJSON *object, const char *key, double min,
                           double max, double fallback, const char *name, acf_error *e)
{
    const cJSON *item = member(object, key);
    *out = fallback;
    if (item == NULL) return ACF_OK;
    if (!cJSON_IsNumber(item))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: '%s' is not a number", name, key);
    if (!(item->valuedouble >= min && item->valuedouble <= max))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: '%s' = %g is out of range [%g, %g]", name, key,
                        item->valuedouble, min, max);
    *out = item->valuedouble;
    return ACF_OK;
}

acf_status acf_json_int(int64_t *out, const cJSON *object, const char *key, int64_t min,
                        int64_t max, int64_t fallback, const char *name, acf_error *e)
{
    double x;
    *out = fallback;
    if (member(object, key) == NULL) return ACF_OK;
    ACF_TRY(acf_json_number(&x, object, key, (double)min, (double)max, 0.0, name, e));
    if (floor(x) != x || fabs(x) > 9007199254740992.0)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: '%s' = %g is not an integer", name, key, x);
    *out = (int64_t)x;
    return ACF_OK;
}

acf_status acf_json_bool(bool *out, const cJSON *object, const char *key, bool fallback,
                         const char *name, acf_error *e)
{
    const cJSON *item = member(object, key);
    *out = fallback;
    if (item == NULL) return ACF_OK;
    if (!cJSON_IsBool(item))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: '%s' is neither true nor false", name, key);
    *out = cJSON_IsTrue(item);
    return ACF_OK;
}

acf_status acf_json_string(const char **out, const cJSON *object, const char *key,
                           const char *fallback, const char *name, acf_error *e)
{
    const cJSON *item = member(object, key);
    *out = fallback;
    if (item == NULL) return ACF_OK;
    if (!cJSON_IsString(item))
        return acf_fail(e, ACF_ERR_FORMAT, "%s: '%s' is not a string", name, key);
    *out = item->valuestring;
    return ACF_OK;
}

char *acf_json_print(const cJSON *tree, bool indented, acf_error *e)
{
    char *text = indented ? cJSON_Print(tree) : cJSON_PrintUnformatted(tree);
    if (text == NULL) {
        (void)acf_fail(e, ACF_ERR_RESOURCE, "JSON: not enough memory to print");
        return NULL;
    }
    size_t len = strlen(text);
    char *copy = acf_alloc(len + 2, 1, "JSON text", e);
    if (copy != NULL) {
        memcpy(copy, text, len);
        if (indented) copy[len] = '\n';
    }
    cJSON_free(text);
    return copy;
}

bool acf_json_put(cJSON *object, const char *key, cJSON *item)
{
    if (item != NULL && cJSON_AddItemToObject(object, key, item)) return true;
    cJSON_Delete(item);
    return false;
}

bool acf_json_put_number(cJSON *object, const char *key, double value)
{
    return isnan(value) || cJSON_AddNumberToObject(object, key, value) != NULL;
}

bool acf_json_put_pair(cJSON *object, const char *key, double first, double second)
{
    const double x[2] = {first, second};
    if (isnan(first) || isnan(second)) return true;
    return acf_json_put(object, key, cJSON_CreateDoubleArray(x, 2));
}

bool acf_json_put_number_or_null(cJSON *object, const char *key, double value)
{
    if (isnan(value)) return cJSON_AddNullToObject(object, key) != NULL;
    return acf_json_put_number(object, key, value);
}

bool acf_json_put_pair_or_null(cJSON *object, const char *key, double first, double second)
{
    if (isnan(first) || isnan(second)) return cJSON_AddNullToObject(object, key) != NULL;
    return acf_json_put_pair(object, key, first, second);
}

cJSON *acf_json_append(cJSON *list)
{
    cJSON *object = cJSON_CreateObject();
    if (object != NULL && cJSON_AddItemToArray(list, object)) return object;
    cJSON_Delete(object);
    return NULL;
}

acf_status acf_json_check(const void *added, acf_error *e)
{
    if (added != NULL) return ACF_OK;
    return acf_fail(e, ACF_ERR_RESOURCE, "JSON: not enough memory to build");
}
