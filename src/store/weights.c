#include "store/weights.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "store/safetensors.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAX_INDEX ((size_t)64 << 20) /* bytes of a shard index */

enum { MAX_NAMED = 5 }; /* missing tensors that a message names */

/* One load: what is filled, from where, by which rules. */
typedef struct load_job {
    acf_params *p;
    const acf_name_rules *rules;
    acf_weights_report *report;
    bool *filled; /* [p->n] */
    acf_str name; /* the tensor's name as we would write it */
    acf_str trial;
} load_job;

void acf_weights_report_free(acf_weights_report *report)
{
    acf_free_names(report->missing, report->n_missing);
    acf_free_names(report->unexpected, report->n_unexpected);
    acf_free_names(report->ignored, report->n_ignored);
    *report = (acf_weights_report){0};
}

static acf_status add_name(char ***list, size_t *n, size_t *cap, const char *name, acf_error *e)
{
    char **grown = acf_grow(*list, cap, *n + 1, sizeof *grown, "names of tensors", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    *list = grown;
    grown[*n] = acf_strdup(name, e);
    if (grown[*n] == NULL) return ACF_ERR_RESOURCE;
    (*n)++;
    return ACF_OK;
}

/* Whether text matches a pattern in which * stands for any text. */
static bool matches(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) { /* let the last star take one more */
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool matches_any(const char *const *patterns, const char *text)
{
    for (; patterns != NULL && *patterns != NULL; patterns++)
        if (matches(*patterns, text)) return true;
    return false;
}

/* job->name = the tensor's name with its ending renamed. */
static acf_status rename_tensor(load_job *job, const char *file_name, acf_error *e)
{
    acf_str_clear(&job->name);
    size_t len = strlen(file_name);
    for (const acf_rename *r = job->rules->rename; r != NULL && r->from != NULL; r++) {
        size_t tail = strlen(r->from);
        if (tail > len || strcmp(file_name + len - tail, r->from) != 0) continue;
        ACF_TRY(acf_str_append(&job->name, file_name, len - tail, e));
        return acf_str_puts(&job->name, r->to, e);
    }
    return acf_str_puts(&job->name, file_name, e);
}

/* The slice that job->name means, with, without or by adding the prefix; -1 when there is none. */
static acf_status find_slice(load_job *job, int *id, acf_error *e)
{
    const char *prefix = job->rules->prefix;
    *id = acf_params_find(job->p, job->name.data);
    if (*id >= 0 || prefix == NULL) return ACF_OK;
    size_t len = strlen(prefix);
    if (strncmp(job->name.data, prefix, len) == 0) {
        *id = acf_params_find(job->p, job->name.data + len);
        return ACF_OK;
    }
    acf_str_clear(&job->trial);
    ACF_TRY(acf_str_puts(&job->trial, prefix, e));
    ACF_TRY(acf_str_puts(&job->trial, job->name.data, e));
    *id = acf_params_find(job->p, job->trial.data);
    return ACF_OK;
}

acf_st_item acf_weights_item(const acf_param *s, const real *data)
{
    acf_st_item item = {.name = s->name, .dtype = ACF_DTYPE_REAL, .rank = s->rank, .data = data};
    for (int k = 0; k < s->rank; k++)
        item.dim[k] = (uint64_t)s->dim[k];
    return item;
}

acf_status acf_weights_check_shape(const acf_param *s, const acf_safetensors *st,
                                   const acf_st_entry *t, acf_error *e)
{
    char got_shape[96], want_shape[96];
    const acf_st_item want = acf_weights_item(s, NULL);
    bool same = t->rank == want.rank;
    for (int k = 0; k < want.rank; k++)
        same = same && t->dim[k] == want.dim[k];
    if (same) return ACF_OK;
    acf_st_shape_text(got_shape, t->dim, t->rank);
    acf_st_shape_text(want_shape, want.dim, want.rank);
    return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s' is %s, the model expects %s",
                    acf_st_path(st), t->name, got_shape, want_shape);
}

static acf_status check_finite(const real *x, const acf_safetensors *st, const acf_st_entry *t,
                               acf_error *e)
{
    for (size_t i = 0; i < t->len; i++) {
        if (isfinite(x[i])) continue;
        char where[96];
        uint64_t index[ACF_ST_MAX_RANK], rest = i;
        for (int k = t->rank - 1; k >= 0; k--) {
            index[k] = rest % t->dim[k];
            rest /= t->dim[k];
        }
        acf_st_shape_text(where, index, t->rank);
        return acf_fail(e, ACF_ERR_MODEL, "%s: tensor '%s': element %s is %g, must be finite",
                        acf_st_path(st), t->name, where, (double)x[i]);
    }
    return ACF_OK;
}

static acf_status load_tensor(load_job *job, const acf_safetensors *st, const acf_st_entry *t,
                              acf_error *e)
{
    acf_weights_report *report = job->report;
    int id;
    ACF_TRY(rename_tensor(job, t->name, e));
    if (matches_any(job->rules->ignore, t->name) || matches_any(job->rules->ignore, job->name.data))
        return add_name(&report->ignored, &report->n_ignored, &report->cap_ignored, job->name.data,
                        e);
    ACF_TRY(find_slice(job, &id, e));
    if (id < 0)
        return add_name(&report->unexpected, &report->n_unexpected, &report->cap_unexpected,
                        t->name, e);
    const acf_param *s = &job->p->slice[id];
    if (job->filled[id])
        return acf_fail(e, ACF_ERR_MODEL, "%s: tensor '%s' is the second one that means '%s'",
                        acf_st_path(st), t->name, s->name);
    ACF_TRY(acf_weights_check_shape(s, st, t, e));
    ACF_TRY(acf_st_check_real(s->len, st, t, e));
    if (job->p->value != NULL) {
        real *x = acf_value(job->p, id);
        ACF_TRY(acf_st_read_real(x, s->len, st, t, e));
        ACF_TRY(check_finite(x, st, t, e));
    }
    job->filled[id] = true;
    report->n_loaded++;
    return ACF_OK;
}

/* All tensors of one file.  weight_map (may be NULL) says which ones `shard` must hold. */
static acf_status load_file(load_job *job, const char *path, const cJSON *weight_map,
                            const char *shard, acf_error *e)
{
    acf_safetensors *st;
    ACF_TRY(acf_st_open(&st, path, e));
    acf_status status = ACF_OK;
    const cJSON *item;
    if (weight_map != NULL) cJSON_ArrayForEach(item, weight_map)
        {
            if (strcmp(item->valuestring, shard) != 0 || acf_st_find(st, item->string) != NULL)
                continue;
            status =
                acf_fail(e, ACF_ERR_MODEL, "%s: lacks tensor '%s', which the index says it holds",
                         path, item->string);
            break;
        }
    for (size_t i = 0; i < acf_st_count(st) && status == ACF_OK; i++)
        status = load_tensor(job, st, acf_st_entry_at(st, i), e);
    job->report->n_files++;
    acf_st_close(&st);
    return status;
}

static acf_status check_weight_map(const cJSON *weight_map, const char *path, acf_error *e)
{
    if (!cJSON_IsObject(weight_map) || weight_map->child == NULL)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: 'weight_map' is not an object with tensors", path);
    const cJSON *item;
    cJSON_ArrayForEach(item, weight_map)
    {
        if (!cJSON_IsString(item))
            return acf_fail(e, ACF_ERR_FORMAT, "%s: weight_map: '%s' is not a string", path,
                            item->string);
        const char *shard = item->valuestring;
        if (shard[0] == '\0' || shard[0] == '.' || strchr(shard, '/') != NULL)
            return acf_fail(
                e, ACF_ERR_FORMAT,
                "%s: weight_map: '%s' is in '%s', expected a file of the same directory", path,
                item->string, shard);
    }
    return ACF_OK;
}

static acf_status load_shards(load_job *job, const char *dir, const char *index, acf_error *e)
{
    cJSON *tree = NULL;
    ACF_TRY(acf_json_read(&tree, index, MAX_INDEX, e));
    const cJSON *weight_map = cJSON_GetObjectItemCaseSensitive(tree, "weight_map");
    acf_status status = check_weight_map(weight_map, index, e);
    const cJSON *item;
    if (status == ACF_OK) cJSON_ArrayForEach(item, weight_map)
        {
            const cJSON *before = weight_map->child; /* each shard when it is first named */
            while (before != item && strcmp(before->valuestring, item->valuestring) != 0)
                before = before->next;
            if (before != item) continue;
            char *path = acf_path_join(dir, item->valuestring, e);
            status = path == NULL ? ACF_ERR_RESOURCE
                                  : load_file(job, path, weight_map, item->valuestring, e);
            acf_free(path);
            if (status != ACF_OK) break;
        }
    cJSON_Delete(tree);
    return status;
}

static acf_status load_dir(load_job *job, const char *dir, acf_error *e)
{
    char *whole = acf_path_join(dir, "model.safetensors", e);
    char *index = acf_path_join(dir, "model.safetensors.index.json", e);
    char *torch = acf_path_join(dir, "pytorch_model.bin", e);
    acf_status status;
    if (whole == NULL || index == NULL || torch == NULL)
        status = ACF_ERR_RESOURCE;
    else if (acf_path_exists(whole))
        status = load_file(job, whole, NULL, NULL, e);
    else if (acf_path_exists(index))
        status = load_shards(job, dir, index, e);
    else if (!acf_path_is_dir(dir))
        status = acf_fail(e, ACF_ERR_MODEL, "%s: is not a directory with a model", dir);
    else if (acf_path_exists(torch))
        status = acf_fail(e, ACF_ERR_MODEL,
                          "%s: holds pytorch_model.bin, but no model.safetensors: convert it with "
                          "transformers (from_pretrained, then save_pretrained)",
                          dir);
    else
        status = acf_fail(e, ACF_ERR_MODEL, "%s: holds no model.safetensors", dir);
    acf_free(whole);
    acf_free(index);
    acf_free(torch);
    return status;
}

/* Slices that no tensor filled: reported when optional, refused otherwise. */
static acf_status check_missing(load_job *job, const char *dir, acf_error *e)
{
    acf_weights_report *report = job->report;
    acf_str names = {0};
    size_t n_bad = 0;
    acf_status status = ACF_OK;
    for (size_t i = 0; i < job->p->n && status == ACF_OK; i++) {
        const char *name = job->p->slice[i].name;
        if (job->filled[i]) continue;
        if (matches_any(job->rules->optional, name))
            status = add_name(&report->missing, &report->n_missing, &report->cap_missing, name, e);
        else if (++n_bad <= MAX_NAMED)
            status = acf_str_printf(&names, e, "%s%s", n_bad > 1 ? ", " : "", name);
    }
    if (status == ACF_OK && n_bad > 0 && report->n_loaded == 0)
        status = acf_fail(e, ACF_ERR_MODEL,
                          "%s: holds none of the model's %zu tensors (another kind of model?)", dir,
                          job->p->n);
    else if (status == ACF_OK && n_bad > 0)
        status = acf_fail(e, ACF_ERR_MODEL, "%s: %zu of the model's %zu tensors %s missing: %s%s",
                          dir, n_bad, job->p->n, n_bad == 1 ? "is" : "are", names.data,
                          n_bad > MAX_NAMED ? ", ..." : "");
    acf_str_free(&names);
    return status;
}

acf_status acf_weights_load(acf_params *p, const char *dir, const acf_name_rules *rules,
                            acf_weights_report *report, acf_error *e)
{
    load_job job = {.p = p, .rules = rules, .report = report};
    job.filled = acf_alloc(p->n, sizeof *job.filled, "weights", e);
    if (job.filled == NULL) return ACF_ERR_RESOURCE;
    acf_status status = load_dir(&job, dir, e);
    if (status == ACF_OK) status = check_missing(&job, dir, e);
    acf_free(job.filled);
    acf_str_free(&job.name);
    acf_str_free(&job.trial);
    return acf_reclass(status, ACF_ERR_MODEL, e);
}

acf_status acf_weights_check(const acf_params *p, const char *dir, const acf_name_rules *rules,
                             acf_error *e)
{
    acf_weights_report report = {0};
    acf_params planned = *p;
    planned.value = NULL;
    acf_status status = acf_weights_load(&planned, dir, rules, &report, e);
    acf_weights_report_free(&report);
    return status;
}

static acf_st_item *make_items(const acf_params *p, acf_error *e)
{
    acf_st_item *item = acf_alloc(p->n, sizeof *item, "weights", e);
    for (size_t i = 0; item != NULL && i < p->n; i++) {
        const acf_param *s = &p->slice[i];
        item[i] = acf_weights_item(s, p->value == NULL ? NULL : p->value + s->at);
    }
    return item;
}

acf_status acf_weights_save(const acf_params *p, const char *path, char hex[ACF_DIGEST_HEX + 1],
                            acf_error *e)
{
    acf_st_item *item = make_items(p, e);
    if (item == NULL) return ACF_ERR_RESOURCE;
    acf_status status = acf_st_write(path, item, p->n, hex, e);
    acf_free(item);
    return status;
}

uint64_t acf_weights_bytes(const acf_params *p)
{
    acf_st_item *item = make_items(p, NULL);
    uint64_t bytes = item == NULL ? 0 : acf_st_bytes(item, p->n);
    acf_free(item);
    return bytes;
}
