#include "run/run_status.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "input/data_record.h"
#include "run/run_files.h"
#include "store/checkpoint.h"

#include <string.h>

static const char file[] = "status.json";
enum { MAX_BYTES = 1 << 16 };

/* Numbers of an object; one that is missing or no number leaves 0. */
static double number_of(const cJSON *c, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(c, key);
    return cJSON_IsNumber(v) ? v->valuedouble : 0;
}

acf_status acf_run_status_read(acf_run_status *out, const char *run_dir, acf_error *e)
{
    cJSON *c;
    *out = (acf_run_status){.ended = ACF_RUN_OPEN};
    acf_status st = acf_json_read_in(&c, run_dir, file, MAX_BYTES, e);
    if (st == ACF_ERR_RESOURCE) return st;
    if (c == NULL) return ACF_OK;
    const cJSON *ended = cJSON_GetObjectItemCaseSensitive(c, "ended");
    if (cJSON_IsNumber(ended) && ended->valueint >= 0) out->ended = ended->valueint;
    out->step = (int64_t)number_of(c, "step");
    out->epochs = number_of(c, "epochs");
    out->starts = (int)number_of(c, "starts");
    out->seconds = number_of(c, "seconds");
    out->cpu_seconds = number_of(c, "cpu_seconds");
    cJSON_Delete(c);
    return ACF_OK;
}

acf_status acf_run_status_write(const acf_run_status *s, const char *run_dir, acf_error *e)
{
    cJSON *c = cJSON_CreateObject();
    bool ok = c != NULL &&
              (s->ended >= 0 ? cJSON_AddNumberToObject(c, "ended", s->ended)
                             : cJSON_AddNullToObject(c, "ended")) != NULL &&
              cJSON_AddNumberToObject(c, "step", (double)s->step) != NULL &&
              cJSON_AddNumberToObject(c, "epochs", s->epochs) != NULL &&
              cJSON_AddNumberToObject(c, "starts", s->starts) != NULL &&
              cJSON_AddNumberToObject(c, "seconds", s->seconds) != NULL &&
              cJSON_AddNumberToObject(c, "cpu_seconds", s->cpu_seconds) != NULL;
    acf_status st = acf_json_check(ok ? c : NULL, e);
    char *text = st == ACF_OK ? acf_json_print(c, true, e) : NULL;
    if (text == NULL) st = ACF_ERR_RESOURCE;
    if (st == ACF_OK) st = acf_write_in(run_dir, file, text, strlen(text), e);
    acf_free(text);
    cJSON_Delete(c);
    return st;
}

/* Does the run in `dir`, or one of the series there, know the content of its data? */
static acf_status knows_data(bool *knows, const char *dir, acf_error *e)
{
    char **names;
    size_t n;
    ACF_TRY(acf_data_record_is_kept(knows, dir, e));
    if (*knows) return ACF_OK;
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_list_dir(&names, &n, dir, e), e);
    acf_status st = ACF_OK;
    for (size_t i = 0; i < n && st == ACF_OK && !*knows; i++) {
        if (!acf_run_file_is_part(names[i])) continue;
        char *part = acf_path_join(dir, names[i], e);
        st = part == NULL ? ACF_ERR_RESOURCE : acf_data_record_is_kept(knows, part, e);
        acf_free(part);
    }
    acf_free_names(names, n);
    return st;
}

acf_status acf_run_differences(acf_difference **list, size_t *n, const acf_config *cfg,
                               acf_error *e)
{
    acf_config was;
    acf_str problems = {0}; /* e counts them */
    bool is_known = false;
    *list = NULL;
    *n = 0;
    char *path = acf_path_join(cfg->save.dir, "config.yaml", e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_config_load(&was, &problems, path, NULL, 0, e);
    acf_free(path);
    acf_str_free(&problems);
    ACF_TRY(st);
    st = acf_config_diff(list, n, &was, cfg, e);
    acf_config_free(&was);
    if (st == ACF_OK && *n > 0) st = knows_data(&is_known, cfg->save.dir, e);
    if (st != ACF_OK) {
        acf_free(*list);
        *list = NULL;
    }
    size_t n_all = *n;
    *n = 0;
    for (size_t i = 0; i < n_all && st == ACF_OK; i++)
        if (!(*list)[i].is_place || !is_known) (*list)[(*n)++] = (*list)[i];
    return st;
}

/* Would a finished run have something to do if it were started with this difference? */
static bool matters(const acf_difference *d)
{
    const char *key = d->key;
    if (strcmp(key, "model.encoder") == 0) return !d->may_differ;
    return strncmp(key, "save.", 5) != 0 && strncmp(key, "log.", 4) != 0 &&
           strcmp(key, "train.threads") != 0 && strcmp(key, "data.cache") != 0;
}

acf_status acf_run_difference(acf_difference *d, const acf_config *cfg, acf_error *e)
{
    acf_difference *list;
    size_t n;
    *d = (acf_difference){0};
    ACF_TRY(acf_run_differences(&list, &n, cfg, e));
    for (size_t i = 0; i < n && d->key == NULL; i++)
        if (matters(&list[i])) *d = list[i];
    acf_free(list);
    return ACF_OK;
}

acf_status acf_run_status_of(acf_run_status *out, const acf_config *cfg, acf_error *e)
{
    acf_difference d;
    ACF_TRY(acf_run_status_read(out, cfg->save.dir, e));
    if (out->ended == ACF_RUN_OPEN) return ACF_OK;
    acf_status st = acf_run_difference(&d, cfg, e);
    if (st == ACF_ERR_RESOURCE) return st;
    if (st != ACF_OK || d.key != NULL) out->ended = ACF_RUN_OPEN; /* who starts it will be told */
    return ACF_OK;
}

acf_status acf_run_check_left(const acf_config *cfg, acf_error *e)
{
    acf_run_status s;
    acf_difference d;
    int64_t *steps;
    size_t n;
    const char *dir = cfg->save.dir;
    ACF_TRY(acf_run_status_read(&s, dir, e));
    if (s.ended != acf_exit_code(ACF_OK)) return ACF_OK;
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_checkpoint_list(&steps, &n, dir, e), e);
    acf_free(steps);
    if (n > 0) return ACF_OK;
    ACF_TRY(acf_run_difference(&d, cfg, e));
    if (d.key == NULL) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE,
                    "%s: has ended with %s = %s, now it is %s, but its checkpoints were removed "
                    "(save.results_only), nothing can be resumed: --overwrite starts anew",
                    dir, d.key, d.was, d.is);
}
