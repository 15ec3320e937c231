#include "run/run_dir.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "run/run_files.h"
#include "run/run_status.h"

#include <string.h>

/* Does the directory hold a name that is wanted? */
static acf_status holds(bool *found, const char *dir, bool (*wanted)(const char *name),
                        acf_error *e)
{
    char **names;
    size_t n;
    *found = false;
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_list_dir(&names, &n, dir, e), e);
    for (size_t i = 0; i < n; i++)
        *found = *found || wanted(names[i]);
    acf_free_names(names, n);
    return ACF_OK;
}

/* Anything but a lock and what a start that died left? */
static bool is_something(const char *name)
{
    return strcmp(name, ".lock") != 0 && !acf_run_file_is_unfinished(name);
}

static acf_status is_empty(bool *empty, const char *run_dir, acf_error *e)
{
    *empty = true;
    if (!acf_path_exists(run_dir)) return ACF_OK;
    if (!acf_path_is_dir(run_dir))
        return acf_fail(e, ACF_ERR_USAGE, "%s: is a file, save.dir must be a directory", run_dir);
    bool found;
    ACF_TRY(holds(&found, run_dir, is_something, e));
    *empty = !found;
    return ACF_OK;
}

static acf_status check_same_config(const acf_config *cfg, acf_error *e)
{
    acf_difference *list;
    size_t n;
    acf_str keys = {0};
    acf_status st = ACF_OK;
    ACF_TRY(acf_run_differences(&list, &n, cfg, e));
    for (size_t i = 0; i < n && st == ACF_OK; i++)
        if (!list[i].may_differ)
            st = acf_str_printf(&keys, e, "%s%s (was %s, is %s)", keys.len > 0 ? ", " : "",
                                list[i].key, list[i].was, list[i].is);
    if (st == ACF_OK && keys.len > 0)
        st = acf_fail(e, ACF_ERR_USAGE, "%s: cannot resume with another config: %s", cfg->save.dir,
                      keys.data);
    acf_free(list);
    acf_str_free(&keys);
    return st;
}

/* What is to be read may not lie where a run is removed, and a sweep is more than one. */
static acf_status check_overwrite(const acf_config *cfg, acf_error *e)
{
    const char *dir = cfg->save.dir;
    const char *const input[][2] = {
        {"data.dir", cfg->data.dir},
        {"data.train", cfg->data.train},
        {"data.dev", cfg->data.dev},
        {"data.test", cfg->data.test},
        {"model.encoder", cfg->model.encoder_is_preset ? NULL : cfg->model.encoder}};
    bool found;
    for (size_t i = 0; i < sizeof input / sizeof *input; i++) {
        if (input[i][1] == NULL) continue;
        ACF_TRY(acf_path_is_inside(&found, input[i][1], dir, e));
        if (found)
            return acf_fail(e, ACF_ERR_USAGE,
                            "save.dir = %s: --overwrite would remove %s = %s; choose another "
                            "save.dir",
                            dir, input[i][0], input[i][1]);
    }
    ACF_TRY(acf_path_holds(&found, dir, "sweep.yaml", e));
    if (!found) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE,
                    "%s: holds a sweep (sweep.yaml), which --overwrite does not remove; choose "
                    "another save.dir",
                    dir);
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
    if (mode == ACF_RUN_OVERWRITE) return check_overwrite(cfg, e);
    *is_resumed = true;
    ACF_TRY(check_same_config(cfg, e));
    return acf_run_check_left(cfg, e);
}

/* Do to the names that are wanted. */
static acf_status for_names(const char *dir, bool (*wanted)(const char *name),
                            acf_status (*act)(const char *path, acf_error *e), acf_error *e)
{
    char **names;
    size_t n;
    acf_status st = ACF_OK;
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_list_dir(&names, &n, dir, e), e);
    for (size_t i = 0; i < n && st == ACF_OK; i++) {
        if (!wanted(names[i])) continue;
        char *path = acf_path_join(dir, names[i], e);
        st = path == NULL ? ACF_ERR_RESOURCE : act(path, e);
        acf_free(path);
    }
    acf_free_names(names, n);
    return st;
}

/* In the directory of a run of a series: is it somebody's? */
static bool is_kept(const char *name)
{
    return acf_run_file_is_foreign(name) || acf_run_file_is_part(name);
}

/* A run of a series; what a link leads to is not ours. */
static acf_status remove_part(const char *path, acf_error *e)
{
    bool is_here, is_shared;
    char *dir = acf_path_dir(path, e);
    if (dir == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_path_is_inside(&is_here, path, dir, e);
    acf_free(dir);
    ACF_TRY(st);
    if (!is_here) return acf_remove_tree(path, e);
    if (!acf_path_is_dir(path)) return ACF_OK; /* somebody's file */
    ACF_TRY(for_names(path, acf_run_file_is_content, acf_remove_tree, e));
    ACF_TRY(holds(&is_shared, path, is_kept, e));
    return is_shared ? ACF_OK : acf_remove_tree(path, e);
}

acf_status acf_run_dir_make(const acf_config *cfg, acf_run_mode mode, acf_error *e)
{
    const char *dir = cfg->save.dir;
    ACF_TRY(acf_make_dirs(dir, e));
    if (mode != ACF_RUN_OVERWRITE) return ACF_OK;
    /* The marks last: until then the directory is known for a run's and can be emptied again. */
    ACF_TRY(for_names(dir, acf_run_file_is_part, remove_part, e));
    ACF_TRY(for_names(dir, acf_run_file_is_content, acf_remove_tree, e));
    return for_names(dir, acf_run_file_is_mark, acf_remove_tree, e);
}

acf_status acf_run_dir_sweep(const char *dir, acf_error *e)
{
    return for_names(dir, acf_run_file_is_unfinished, acf_remove_tree, e);
}

acf_status acf_run_dir_forget_test(const char *dir, const acf_log *log, acf_error *e)
{
    bool found;
    ACF_TRY(holds(&found, dir, acf_run_file_is_test, e));
    if (!found) return ACF_OK;
    acf_log_info(log, "predictions of test removed: they are an earlier model's");
    return for_names(dir, acf_run_file_is_test, acf_remove_tree, e);
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
                                const cJSON *environment, const char *rows, const char *bad_lines,
                                acf_error *e)
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
    if (st == ACF_OK && bad_lines != NULL)
        st = acf_write_in(cfg->save.dir, "bad_lines.tsv", bad_lines, strlen(bad_lines), e);
    acf_free(text);
    return st;
}
