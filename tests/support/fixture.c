#include "support/fixture.h"

#include "base/json.h"
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>

cJSON *fixture_load(const char *name)
{
    char path[4096];
    acf_error e;
    cJSON *tree = NULL;
    const char *root = getenv("SRC");
    (void)snprintf(path, sizeof path, "%s/tests/golden/%s", root == NULL ? "." : root, name);
    return acf_json_read(&tree, path, 1 << 20, &e) == ACF_OK ? tree : NULL;
}

double fixture_number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsNumber(item)) fail_msg("fixture: no number '%s'", key);
    return item->valuedouble;
}

size_t fixture_length(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsArray(item)) fail_msg("fixture: no array '%s'", key);
    return (size_t)cJSON_GetArraySize(item);
}

double *fixture_numbers(const cJSON *object, const char *key, size_t n)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, key), *item;
    double *x = calloc(n, sizeof *x);
    size_t i = 0;
    assert_non_null(x);
    cJSON_ArrayForEach(item, array)
    {
        assert_true(i < n && cJSON_IsNumber(item));
        x[i++] = item->valuedouble;
    }
    if (i != n) fail_msg("fixture: '%s' has %zu numbers, expected %zu", key, i, n);
    return x;
}

int32_t *fixture_ids(const cJSON *object, const char *key, size_t n)
{
    double *x = fixture_numbers(object, key, n);
    int32_t *y = calloc(n, sizeof *y);
    assert_non_null(y);
    for (size_t i = 0; i < n; i++)
        y[i] = (int32_t)x[i];
    free(x);
    return y;
}
