#include "model/head_labels.h"

#include "base/io.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CLASSES 100000

bool acf_labels_are_generic(char *const *labels, int K)
{
    for (int k = 0; k < K; k++) {
        char generic[32];
        (void)snprintf(generic, sizeof generic, "LABEL_%d", k);
        if (strcmp(labels[k], generic) != 0) return false;
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const acf_head_label *)a)->name, ((const acf_head_label *)b)->name);
}

static acf_status sort_names(acf_head_labels *l, const char *path, acf_error *e)
{
    l->sorted = acf_alloc((size_t)l->n, sizeof *l->sorted, "label names", e);
    if (l->sorted == NULL) return ACF_ERR_RESOURCE;
    for (int k = 0; k < l->n; k++)
        l->sorted[k] = (acf_head_label){l->name[k], k};
    qsort(l->sorted, (size_t)l->n, sizeof *l->sorted, by_name);
    for (int i = 1; i < l->n; i++)
        if (by_name(&l->sorted[i - 1], &l->sorted[i]) == 0)
            return acf_fail(e, ACF_ERR_MODEL, "%s: id2label names '%.100s' twice", path,
                            l->sorted[i].name);
    return ACF_OK;
}

acf_status acf_head_labels_read(acf_head_labels *l, const cJSON *config, const char *path,
                                acf_error *e)
{
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(config, "id2label");
    if (map == NULL || cJSON_IsNull(map)) return ACF_OK;
    int n = cJSON_IsObject(map) ? cJSON_GetArraySize(map) : 0;
    if (n < 1 || n > MAX_CLASSES)
        return acf_fail(e, ACF_ERR_MODEL, "%s: id2label has %d entries, expected 1 to %d", path, n,
                        MAX_CLASSES);
    l->name = acf_alloc((size_t)n, sizeof *l->name, "label names", e);
    if (l->name == NULL) return ACF_ERR_RESOURCE;
    l->n = n;
    for (const cJSON *item = map->child; item != NULL; item = item->next) {
        char *end;
        long id = strtol(item->string, &end, 10);
        if (*end != '\0' || end == item->string || id < 0 || id >= n || l->name[id] != NULL ||
            !cJSON_IsString(item))
            return acf_fail(e, ACF_ERR_MODEL,
                            "%s: id2label '%s' is no id of 0 .. %d with a name, each once", path,
                            item->string, n - 1);
        l->name[id] = acf_strdup(item->valuestring, e);
        if (l->name[id] == NULL) return ACF_ERR_RESOURCE;
    }
    return sort_names(l, path, e);
}

void acf_head_labels_free(acf_head_labels *l)
{
    acf_free_names(l->name, (size_t)l->n);
    acf_free(l->sorted);
    *l = (acf_head_labels){0};
}

int acf_head_labels_find(const acf_head_labels *l, const char *name)
{
    if (l->n == 0) return -1;
    const acf_head_label wanted = {name, 0};
    const acf_head_label *found =
        bsearch(&wanted, l->sorted, (size_t)l->n, sizeof *l->sorted, by_name);
    return found != NULL ? found->id : -1;
}

bool acf_head_labels_are(const acf_head_labels *l, char *const *labels, int K)
{
    if (l->n != K) return false;
    for (int k = 0; k < K; k++)
        if (acf_head_labels_find(l, labels[k]) < 0) return false;
    return true;
}

acf_status acf_head_labels_put_difference(acf_str *out, const acf_head_labels *l,
                                          char *const *labels, int K, acf_error *e)
{
    const char *here = NULL, *there = NULL;
    bool *is_shared = acf_alloc((size_t)l->n + 1, sizeof *is_shared, "label names", e);
    if (is_shared == NULL) return ACF_ERR_RESOURCE;
    for (int k = 0; k < K; k++) {
        int id = acf_head_labels_find(l, labels[k]);
        if (id >= 0)
            is_shared[id] = true;
        else if (there == NULL)
            there = labels[k];
    }
    for (int k = 0; k < l->n && here == NULL; k++)
        if (!is_shared[k]) here = l->name[k];
    acf_free(is_shared);
    const char *name = here != NULL ? here : there;
    return acf_str_printf(out, e, "%d and %d; '%s' only in the %s", l->n, K,
                          name != NULL ? name : "", here != NULL ? "model" : "data");
}
