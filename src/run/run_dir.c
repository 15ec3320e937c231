#include "run/run_dir.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/path.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

/* Is it a file of ours that a process died while writing: "config.yaml.4711.tmp"? */
static bool is_unfinished(const char *name)
{
    static const char *const file[] = {"config.yaml", "command.txt",       "environment.json",
                                       "train.log",   "summary.json",      "metrics.jsonl",
                                       "metrics.csv", "eval_results.json", "predictions.dev.tsv",
                                       "status.json", "sweep.yaml",        "table.md",
                                       "table.csv",   "table.json",        "results.jsonl"};
    for (size_t k = 0; k < sizeof file / sizeof *file; k++) {
        size_t len = strlen(file[k]);
        if (strncmp(name, file[k], len) != 0 || name[len] != '.') continue;
        size_t digits = strspn(name + len + 1, "0123456789");
        if (digits > 0 && strcmp(name + len + 1 + digits, ".tmp") == 0) return true;
    }
    return false;
}

/* Does the directory hold anything but a lock and what a start that died left? */
static acf_status is_empty(bool *empty, const char *run_dir, acf_error *e)
{
    char **names;
    size_t n;
    *empty = true;
    if (!acf_path_exists(run_dir)) return ACF_OK;
    if (!acf_path_is_dir(run_dir))
        return acf_fail(e, ACF_ERR_USAGE, "%s: is a file, save.dir must be a directory", run_dir);
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_list_dir(&names, &n, run_dir, e), e);
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], ".lock") != 0 && !is_unfinished(names[i])) *empty = false;
    acf_free_names(names, n);
    return ACF_OK;
}

static acf_status check_same_config(const acf_config *cfg, acf_error *e)
{
    acf_config was;
    acf_str problems = {0}, keys = {0};
    acf_difference *list = NULL;
    size_t n = 0;
    char *path = acf_path_join(cfg->save.dir, "config.yaml", e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_config_load(&was, &problems, path, NULL, 0, e);
    if (st != ACF_OK) {
        (void)acf_context(e, "%s", path);
        goto done;
    }
    st = acf_config_diff(&list, &n, &was, cfg, e);
    for (size_t i = 0; i < n && st == ACF_OK; i++)
        if (!list[i].may_differ)
            st = acf_str_printf(&keys, e, "%s%s (was %s, is %s)", keys.len > 0 ? ", " : "",
                                list[i].key, list[i].was, list[i].is);
    if (st == ACF_OK && keys.len > 0)
        st = acf_fail(e, ACF_ERR_USAGE, "%s: cannot resume with another config: %s", cfg->save.dir,
                      keys.data);
    acf_config_free(&was);
done:
    acf_free(list);
    acf_str_free(&keys);
    acf_str_free(&problems);
    acf_free(path);
    return st;
}

acf_status acf_run_dir_check(bool *is_resumed, const acf_config *cfg, acf_run_mode mode,
                             acf_error *e)
{
    const char *dir = cfg->save.dir;
    bool empty;
    *is_resumed = false;
    ACF_TRY(is_empty(&empty, dir, e));
    if (empty) return ACF_OK;
    bool has_config, has_log;
    ACF_TRY(acf_path_holds(&has_config, dir, "config.yaml", e));
    ACF_TRY(acf_path_holds(&has_log, dir, "train.log", e));
    bool ours = has_config && has_log;
    if (mode == ACF_RUN_FRESH)
        return acf_fail(e, ACF_ERR_USAGE, "%s: is not empty%s", dir,
                        ours ? "; --resume goes on with the run there, --overwrite starts it anew"
                             : " and holds no run of ours; choose another save.dir");
    /* To go on, the config is enough: a run may have died before it opened its log. */
    if (mode == ACF_RUN_RESUME ? !has_config : !ours)
        return acf_fail(e, ACF_ERR_USAGE,
                        "%s: is not empty and lacks %s: not a run of ours, nothing is touched", dir,
                        has_config ? "train.log" : "config.yaml");
    if (mode == ACF_RUN_OVERWRITE) return ACF_OK;
    *is_resumed = true;
    return check_same_config(cfg, e);
}

/* Remove the names that are wanted removed. */
static acf_status remove_names(const char *dir, bool (*wanted)(const char *name), acf_error *e)
{
    char **names;
    size_t n;
    acf_status st = ACF_OK;
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_list_dir(&names, &n, dir, e), e);
    for (size_t i = 0; i < n && st == ACF_OK; i++) {
        if (!wanted(names[i])) continue;
        char *path = acf_path_join(dir, names[i], e);
        st = path == NULL ? ACF_ERR_RESOURCE : acf_remove_tree(path, e);
        acf_free(path);
    }
    acf_free_names(names, n);
    return st;
}

static bool is_mark(const char *name) /* what shows that a directory is a run's */
{
    return strcmp(name, "config.yaml") == 0 || strcmp(name, "train.log") == 0;
}

static bool is_content(const char *name)
{
    return !is_mark(name) && strcmp(name, ".lock") != 0;
}

acf_status acf_run_dir_make(const acf_config *cfg, acf_run_mode mode, acf_error *e)
{
    const char *dir = cfg->save.dir;
    ACF_TRY(acf_make_dirs(dir, e));
    if (mode != ACF_RUN_OVERWRITE) return ACF_OK;
    /* The marks last: until then the directory is known for a run's and can be emptied again. */
    ACF_TRY(remove_names(dir, is_content, e));
    return remove_names(dir, is_mark, e);
}

acf_status acf_run_dir_sweep(const char *dir, acf_error *e)
{
    return remove_names(dir, is_unfinished, e);
}

acf_status acf_run_dir_note(const char *dir, const char *name, const char *line, acf_error *e)
{
    acf_str text = {0};
    char *old = NULL, now[32];
    size_t len = 0;
    char *path = acf_path_join(dir, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_clock_utc(now);
    acf_status st = ACF_OK;
    if (acf_path_exists(path))
        st = acf_reclass(acf_read_file(&old, &len, path, (size_t)16 << 20, e), ACF_ERR_RESOURCE, e);
    if (st == ACF_OK) st = acf_str_append(&text, old, len, e);
    if (st == ACF_OK) st = acf_str_printf(&text, e, "%s %s\n", now, line);
    if (st == ACF_OK) st = acf_write_atomic(path, text.data, text.len, e);
    acf_free(old);
    acf_free(path);
    acf_str_free(&text);
    return st;
}

acf_status acf_run_dir_describe(const acf_config *cfg, const char *command,
                                const cJSON *environment, const char *rows, acf_error *e)
{
    acf_str yaml = {0};
    acf_status st = acf_config_print(&yaml, cfg, true, e);
    if (st == ACF_OK) st = acf_write_in(cfg->save.dir, "config.yaml", yaml.data, yaml.len, e);
    acf_str_free(&yaml);
    if (st == ACF_OK) st = acf_run_dir_note(cfg->save.dir, "command.txt", command, e);
    bool is_told = st == ACF_OK && environment != NULL;
    char *text = is_told ? acf_json_print(environment, true, e) : NULL;
    if (is_told)
        st = text == NULL ? ACF_ERR_RESOURCE
                          : acf_write_in(cfg->save.dir, "environment.json", text, strlen(text), e);
    if (st == ACF_OK && rows != NULL)
        st = acf_write_in(cfg->save.dir, "rows.tsv", rows, strlen(rows), e);
    acf_free(text);
    return st;
}
