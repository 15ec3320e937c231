#include "sweep/sweep_result.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "config/config_internal.h"
#include "config/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 1 << 20, MAX_LINES_BYTES = 1 << 30 };

/* Keys that say where a run is or how it is shown, not what it does. */
static bool decides(const acf_key *k)
{
    static const char *const other[] = {"schema",           "task",        "data.cache",
                                        "train.seed",       "train.seeds", "train.threads",
                                        "train.micro_batch"};
    if (strncmp(k->path, "save.", 5) == 0 || strncmp(k->path, "log.", 4) == 0) return false;
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (strcmp(k->path, other[i]) == 0) return false;
    return true;
}

/* A value as JSON: numbers as such, all else as its text. */
static cJSON *value_json(const acf_key *k, const char *text)
{
    char *end;
    bool is_path = k->type == ACF_TYPE_PATH || k->type == ACF_TYPE_ENCODER;
    double number = strtod(text, &end);
    if (*text != '\0' && *end == '\0' && strchr("-0123456789", *text) != NULL)
        return cJSON_CreateNumber(number);
    return cJSON_CreateString(is_path ? acf_path_base(text) : text);
}

static acf_status add_settings(cJSON *c, const acf_config *cfg, acf_error *e)
{
    acf_config defaults;
    acf_str is = {0}, was = {0};
    cJSON *settings = cJSON_AddObjectToObject(c, "settings");
    ACF_TRY(acf_json_check(settings, e));
    ACF_TRY(acf_config_defaults(&defaults, e));
    acf_status st = ACF_OK;
    for (int i = 0; i < ACF_N_KEYS && st == ACF_OK; i++) {
        const acf_key *k = &acf_keys[i];
        if (!decides(k)) continue;
        acf_str_clear(&is);
        acf_str_clear(&was);
        st = acf_value_print(&is, cfg, k, e);
        if (st == ACF_OK) st = acf_value_print(&was, &defaults, k, e);
        if (st != ACF_OK || strcmp(is.data, was.data) == 0) continue;
        cJSON *v = value_json(k, is.data);
        if (!acf_json_put(settings, k->path, v)) st = acf_json_check(NULL, e);
    }
    acf_str_free(&is);
    acf_str_free(&was);
    acf_config_free(&defaults);
    return st;
}

/* Copies of members under their own names; a missing one is left out. */
static bool copy_members(cJSON *to, const cJSON *from, const char *const *names)
{
    for (; *names != NULL; names++) {
        const cJSON *v = cJSON_GetObjectItemCaseSensitive(from, *names);
        if (v != NULL && !acf_json_put(to, *names, cJSON_Duplicate(v, true))) return false;
    }
    return true;
}

/* What environment.json says of the program and the machine; a missing file says nothing. */
static acf_status add_environment(cJSON *c, const char *run_dir, acf_error *e)
{
    static const char *const names[] = {"version", "commit", "started", "cpu", "threads", NULL};
    cJSON *from;
    acf_status st = acf_json_read_in(&from, run_dir, "environment.json", MAX_BYTES, e);
    if (st == ACF_ERR_RESOURCE) return st;
    bool ok = copy_members(c, from, names);
    cJSON_Delete(from);
    return acf_json_check(ok ? c : NULL, e);
}

static bool add_identity(cJSON *c, const acf_sweep *s, int run, const acf_run_status *status)
{
    const acf_config *cfg = acf_sweep_config(s, run);
    const acf_sweep_cell *cell = &s->cell[s->run[run].cell];
    return cJSON_AddStringToObject(c, "sweep", s->name) != NULL &&
           cJSON_AddStringToObject(c, "variant", s->file.variant[cell->variant].name) != NULL &&
           cJSON_AddStringToObject(c, "task", s->file.task[cell->task].name) != NULL &&
           cJSON_AddStringToObject(c, "data", cfg->task) != NULL &&
           cJSON_AddNumberToObject(c, "seed", (double)cfg->train.seed) != NULL &&
           (cfg->data.fold <= 0 || cJSON_AddNumberToObject(c, "fold", cfg->data.fold) != NULL) &&
           cJSON_AddNumberToObject(c, "ended", status->ended) != NULL &&
           cJSON_AddStringToObject(c, "metric", cfg->eval.metric) != NULL &&
           cJSON_AddStringToObject(c, "head", acf_head_name((acf_head)cfg->eval.head)) != NULL;
}

static bool add_figures(cJSON *c, const cJSON *results, const acf_run_status *status)
{
    static const char *const heads[] = {"linear", "label", NULL};
    const cJSON *epoch = cJSON_GetObjectItemCaseSensitive(results, "epoch");
    if (cJSON_IsNumber(epoch) &&
        cJSON_AddNumberToObject(c, "best_epoch", epoch->valuedouble) == NULL)
        return false;
    return copy_members(c, results, heads) &&
           cJSON_AddNumberToObject(c, "epochs", status->epochs) != NULL &&
           cJSON_AddNumberToObject(c, "steps", (double)status->step) != NULL &&
           cJSON_AddNumberToObject(c, "seconds", status->seconds) != NULL &&
           cJSON_AddNumberToObject(c, "cpu_seconds", status->cpu_seconds) != NULL &&
           cJSON_AddNumberToObject(c, "starts", status->starts) != NULL;
}

acf_status acf_sweep_line(char **line, const acf_sweep *s, int run, const acf_run_status *status,
                          acf_error *e)
{
    const acf_config *cfg = acf_sweep_config(s, run);
    cJSON *c = cJSON_CreateObject();
    bool ok =
        c != NULL && add_identity(c, s, run, status) && add_figures(c, s->run[run].results, status);
    *line = NULL;
    acf_status st = acf_json_check(ok ? c : NULL, e);
    if (st == ACF_OK) st = add_environment(c, cfg->save.dir, e);
    if (st == ACF_OK) st = add_settings(c, cfg, e);
    if (st == ACF_OK) *line = acf_json_print(c, false, e);
    cJSON_Delete(c);
    return st == ACF_OK && *line == NULL ? ACF_ERR_RESOURCE : st;
}

/* "VARIANT/TASK/seed-3", as a line says; false when it is no line of ours. */
static bool directory_of(char name[ACF_SWEEP_RUN_NAME], const cJSON *line, const char *part)
{
    const char *variant, *task;
    int64_t number;
    if (acf_json_string(&variant, line, "variant", "", "", NULL) != ACF_OK || *variant == '\0' ||
        acf_json_string(&task, line, "task", "", "", NULL) != ACF_OK || *task == '\0')
        return false;
    if (part == NULL)
        return snprintf(name, ACF_SWEEP_RUN_NAME, "%s/%s", variant, task) < ACF_SWEEP_RUN_NAME;
    if (acf_json_int(&number, line, part, 0, INT64_C(1) << 53, -1, "", NULL) != ACF_OK ||
        number < 0)
        return false;
    return snprintf(name, ACF_SWEEP_RUN_NAME, "%s/%s/%s-%lld", variant, task, part,
                    (long long)number) < ACF_SWEEP_RUN_NAME;
}

static bool is_chosen(const acf_sweep *s, const char *name)
{
    char other[ACF_SWEEP_RUN_NAME];
    for (int i = 0; i < s->n_runs; i++) {
        acf_sweep_run_name(other, s, i);
        if (strcmp(other, name) == 0) return true;
    }
    return false;
}

/* Does another sweep's name stand in the line? */
static bool is_foreign(const acf_sweep *s, const cJSON *line)
{
    const char *sweep;
    return acf_json_string(&sweep, line, "sweep", "", "", NULL) != ACF_OK ||
           strcmp(sweep, s->name) != 0;
}

/* Is the line about a run that is not chosen and still stands, or another sweep's?  A run is in a
 * directory of its fold, of its seed, or of the task alone. */
static acf_status is_of_another(bool *kept, const acf_sweep *s, const cJSON *line, acf_error *e)
{
    static const char *const parts[] = {"fold", "seed", NULL};
    char name[ACF_SWEEP_RUN_NAME];
    *kept = is_foreign(s, line);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!directory_of(name, line, parts[i])) continue;
        bool stands;
        char *dir = acf_path_join(s->dir, name, e);
        acf_status st =
            dir == NULL ? ACF_ERR_RESOURCE : acf_path_holds(&stands, dir, "status.json", e);
        acf_free(dir);
        ACF_TRY(st);
        if (!stands) continue;
        *kept = !is_chosen(s, name);
        return ACF_OK;
    }
    return ACF_OK;
}

static acf_status keep_lines(acf_str *text, const acf_sweep *s, char *old, size_t len, acf_error *e)
{
    for (char *at = old, *end; at < old + len; at = end + 1) {
        cJSON *line = NULL;
        bool kept = true; /* also what is no line of a sweep */
        end = memchr(at, '\n', (size_t)(old + len - at));
        if (end == NULL) break; /* not written to its end */
        acf_error why = {ACF_OK, ""};
        acf_status st = acf_json_parse(&line, at, (size_t)(end - at), "results.jsonl", &why);
        if (st == ACF_ERR_RESOURCE) return acf_error_give(e, &why);
        if (st == ACF_OK) st = is_of_another(&kept, s, line, e);
        cJSON_Delete(line);
        if (st == ACF_ERR_RESOURCE) return st;
        if (kept) ACF_TRY(acf_str_append(text, at, (size_t)(end + 1 - at), e));
    }
    return ACF_OK;
}

acf_status acf_sweep_write_lines(const acf_sweep *s, acf_error *e)
{
    acf_str text = {0};
    char *old = NULL, *path = acf_path_join(s->dir, "results.jsonl", e);
    size_t len = 0;
    acf_status st = path == NULL ? ACF_ERR_RESOURCE : acf_str_puts(&text, "", e);
    for (int i = 0; i < s->n_runs && st == ACF_OK; i++)
        if (s->run[i].line != NULL) st = acf_str_printf(&text, e, "%s\n", s->run[i].line);
    if (st == ACF_OK && acf_path_exists(path))
        st = acf_reclass(acf_read_file(&old, &len, path, MAX_LINES_BYTES, e), ACF_ERR_RESOURCE, e);
    if (st == ACF_OK) st = keep_lines(&text, s, old, len, e);
    if (st == ACF_OK) st = acf_write_in(s->dir, "results.jsonl", text.data, text.len, e);
    acf_str_free(&text);
    acf_free(old);
    acf_free(path);
    return st;
}
