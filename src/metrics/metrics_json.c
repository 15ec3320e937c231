#include "metrics/metrics_json.h"

#include "base/json.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

/* Absent (NaN) and infinite numbers, which JSON does not have, get no key. */
static acf_status add_number(cJSON *object, const char *prefix, const char *name, double x,
                             acf_error *e)
{
    char key[96];
    if (!isfinite(x)) return ACF_OK;
    (void)snprintf(key, sizeof key, "%s%s", prefix, name);
    return acf_json_check(cJSON_AddNumberToObject(object, key, x), e);
}

/* Appends to an array; the item is deleted when that fails. */
static acf_status append(cJSON *array, cJSON *item, acf_error *e)
{
    ACF_TRY(acf_json_check(item, e));
    if (cJSON_AddItemToArray(array, item)) return ACF_OK;
    cJSON_Delete(item);
    return acf_json_check(NULL, e);
}

acf_status acf_metrics_json_values(cJSON *object, const acf_metrics *m, const char *prefix,
                                   acf_error *e)
{
    for (int i = 0; i < ACF_METRIC_COUNT && m->n > 0; i++)
        ACF_TRY(add_number(object, prefix, acf_metric_name((acf_metric)i), m->value[i], e));
    return ACF_OK;
}

static acf_status add_space(cJSON *object, const acf_space *s, acf_error *e)
{
    ACF_TRY(add_number(object, "", "agreement", s->agreement, e));
    ACF_TRY(add_number(object, "", "label_cosine", s->label_cosine, e));
    ACF_TRY(add_number(object, "", "alignment", s->alignment, e));
    ACF_TRY(add_number(object, "", "uniformity", s->uniformity, e));
    ACF_TRY(add_number(object, "", "mean_cosine", s->mean_cosine, e));
    return add_number(object, "", "effective_rank", s->effective_rank, e);
}

static acf_status add_intervals(cJSON *object, const acf_metrics *m, acf_error *e)
{
    cJSON *all = NULL;
    for (int i = 0; i < ACF_METRIC_COUNT; i++) {
        if (isnan(m->ci[i].low)) continue;
        if (all == NULL) {
            all = cJSON_AddObjectToObject(object, "ci");
            ACF_TRY(acf_json_check(all, e));
        }
        cJSON *pair = cJSON_AddArrayToObject(all, acf_metric_name((acf_metric)i));
        ACF_TRY(acf_json_check(pair, e));
        ACF_TRY(append(pair, cJSON_CreateNumber(m->ci[i].low), e));
        ACF_TRY(append(pair, cJSON_CreateNumber(m->ci[i].high), e));
    }
    return ACF_OK;
}

static acf_status add_classes(cJSON *object, const acf_metrics *m, const char *const *names,
                              acf_error *e)
{
    cJSON *all = cJSON_AddObjectToObject(object, "per_class");
    ACF_TRY(acf_json_check(all, e));
    for (int k = 0; k < m->K; k++) {
        cJSON *one = cJSON_AddObjectToObject(all, names[k]);
        ACF_TRY(acf_json_check(one, e));
        ACF_TRY(add_number(one, "", "precision", m->cls[k].precision, e));
        ACF_TRY(add_number(one, "", "recall", m->cls[k].recall, e));
        ACF_TRY(add_number(one, "", "f1", m->cls[k].f1, e));
        ACF_TRY(add_number(one, "", "support", (double)m->cls[k].support, e));
    }
    return ACF_OK;
}

static acf_status add_confusion(cJSON *object, const acf_metrics *m, acf_error *e)
{
    cJSON *matrix = cJSON_AddArrayToObject(object, "confusion_matrix");
    ACF_TRY(acf_json_check(matrix, e));
    for (int g = 0; g < m->K; g++) {
        cJSON *row = cJSON_CreateArray();
        ACF_TRY(append(matrix, row, e));
        for (int p = 0; p < m->K; p++) {
            int64_t count = m->confusion[(size_t)g * (size_t)m->K + (size_t)p];
            ACF_TRY(append(row, cJSON_CreateNumber((double)count), e));
        }
    }
    return ACF_OK;
}

static acf_status add_head(cJSON *tree, acf_head head, const acf_metrics *m,
                           const char *const *names, int classes_max, acf_error *e)
{
    cJSON *object = cJSON_AddObjectToObject(tree, acf_head_name(head));
    ACF_TRY(acf_json_check(object, e));
    ACF_TRY(acf_metrics_json_values(object, m, "", e));
    ACF_TRY(add_intervals(object, m, e));
    if (m->K == 0 || m->K > classes_max) return ACF_OK;
    ACF_TRY(add_classes(object, m, names, e));
    return m->K <= ACF_JSON_CONFUSION_MAX ? add_confusion(object, m, e) : ACF_OK;
}

static acf_status add_labels(cJSON *tree, const char *const *names, int K, acf_error *e)
{
    cJSON *list = cJSON_AddArrayToObject(tree, "labels");
    ACF_TRY(acf_json_check(list, e));
    for (int k = 0; k < K; k++)
        ACF_TRY(append(list, cJSON_CreateString(names[k]), e));
    return ACF_OK;
}

acf_status acf_metrics_json_heads(cJSON *object, const acf_eval_result *r, const char *const *names,
                                  int classes_max, acf_error *e)
{
    ACF_TRY(add_head(object, ACF_HEAD_LINEAR, &r->linear, names, classes_max, e));
    if (r->label.n > 0) ACF_TRY(add_head(object, ACF_HEAD_LABEL, &r->label, names, classes_max, e));
    if (!r->has_space) return ACF_OK;
    cJSON *space = cJSON_AddObjectToObject(object, "space");
    ACF_TRY(acf_json_check(space, e));
    return add_space(space, &r->space, e);
}

static acf_status fill(cJSON *tree, const acf_eval_result *r, const char *model, const char *data,
                       const char *const *names, acf_error *e)
{
    double loss;
    ACF_TRY(acf_json_check(cJSON_AddStringToObject(tree, "model", model), e));
    ACF_TRY(acf_json_check(cJSON_AddStringToObject(tree, "data", data), e));
    ACF_TRY(acf_json_check(cJSON_AddNumberToObject(tree, "n", (double)r->n), e));
    ACF_TRY(acf_json_check(cJSON_AddStringToObject(tree, "head", acf_head_name(r->head)), e));
    if (acf_metric_get(&loss, r, r->head, ACF_METRIC_LOSS))
        ACF_TRY(add_number(tree, "", "loss", loss, e));
    if (r->K > 0) ACF_TRY(add_labels(tree, names, r->K, e));
    return acf_metrics_json_heads(tree, r, names, INT_MAX, e);
}

acf_status acf_metrics_json(cJSON **out, const acf_eval_result *r, const char *model,
                            const char *data, const char *const *names, acf_error *e)
{
    *out = NULL;
    cJSON *tree = cJSON_CreateObject();
    ACF_TRY(acf_json_check(tree, e));
    acf_status st = fill(tree, r, model, data, names, e);
    if (st == ACF_OK)
        *out = tree;
    else
        cJSON_Delete(tree);
    return st;
}
