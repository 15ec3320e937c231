/* Which configuration held-out data are read by. */
#include "infer/held_out_internal.h"

#include "base/assert.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "config/value.h"
#include "data/image_table.h"

#include <string.h>

/* Is the configuration as it is, without what the command line changes? */
static bool is_right(const char *text)
{
    acf_config cfg;
    acf_str problems = {0};
    acf_error e;
    bool right = acf_config_load_text(&cfg, &problems, text, strlen(text), "acf.json", NULL, 0,
                                      &e) == ACF_OK;
    if (right) acf_config_free(&cfg);
    acf_str_free(&problems);
    return right;
}

/* The configuration of a model that has none: whole, but for training data that is never read. */
static acf_status minimal_config(acf_str *out, const acf_model *m, const acf_held_out_options *opt,
                                 acf_error *e)
{
    if (opt->task == NULL || opt->data == NULL)
        return acf_fail(e, ACF_ERR_USAGE,
                        "%s: the model was not trained here and knows no data: say which with %s",
                        opt->task == NULL ? "--task" : "--data",
                        opt->task == NULL ? "--task TASK --data FILE" : "--data FILE");
    const acf_task *task = acf_task_find(opt->task);
    bool mse = m->K == 1 && task != NULL && !task->preset; /* a preset knows by itself */
    bool image = task != NULL && task->image;
    return acf_str_printf(out, e,
                          "schema: 1\ntask: %s\nmodel: {encoder: %s}\n"
                          "data: {train: none}\n%s",
                          opt->task, image ? "resnet20" : "bert-tiny",
                          mse ? "loss: {type: mse}\n" : "");
}

/* What the command line changes, as --set has it: our own, then the user's. */
typedef struct settings {
    const char **item;
    size_t n;
    acf_str own[8];
    size_t n_own;
} settings;

static acf_status set(settings *s, const char *key, const char *value, bool quoted, acf_error *e)
{
    ACF_ASSERT(s->n_own < sizeof s->own / sizeof s->own[0]);
    acf_str *text = &s->own[s->n_own++];
    ACF_TRY(acf_str_printf(text, e, "%s=", key));
    ACF_TRY(quoted ? acf_yaml_quote(text, value, e) : acf_str_puts(text, value, e));
    s->item[s->n++] = text->data;
    return ACF_OK;
}

/* Dev rows are those of a file, not drawn from training. */
static acf_status set_not_drawn(settings *s, acf_error *e)
{
    ACF_TRY(set(s, "data.dev_fraction", "0", false, e));
    ACF_TRY(set(s, "data.folds", "null", false, e));
    return set(s, "data.fold", "null", false, e);
}

/* --data DIR of a task with names of its own. */
static acf_status set_dir(settings *s, const char *dir, acf_error *e)
{
    ACF_TRY(set(s, "data.dir", dir, true, e));
    ACF_TRY(set(s, "data.train", "null", false, e));
    ACF_TRY(set(s, "data.dev", "null", false, e));
    ACF_TRY(set(s, "data.test", "null", false, e));
    return set_not_drawn(s, e);
}

/* --data of a task without training data, FILE or DIR: what the directory of the task that answers
 * it holds is nothing for it. */
static acf_status set_asked_only(settings *s, const acf_task *task, const char *given, acf_error *e)
{
    bool is_dir = acf_path_is_dir(given);
    char *file = is_dir ? acf_path_join(given, task->file[ACF_TEST], e) : acf_strdup(given, e);
    if (file == NULL) return ACF_ERR_RESOURCE;
    acf_status st = set(s, "data.dir", "null", false, e);
    if (st == ACF_OK) st = set(s, "data.train", "null", false, e);
    if (st == ACF_OK) st = set(s, "data.dev", file, true, e);
    if (st == ACF_OK) st = set(s, "data.test", file, true, e);
    if (st == ACF_OK) st = set_not_drawn(s, e);
    acf_free(file);
    return st;
}

/* Is it a directory of a task with names of its own, or one of images that holds such a split? Else
 * a directory of images is a folder of classes. */
static acf_status holds_splits(bool *out, const acf_task *task, const char *path, acf_split_id id,
                               acf_error *e)
{
    *out = task != NULL && task->preset && acf_path_is_dir(path);
    if (task == NULL || !task->image || !acf_path_is_dir(path)) return ACF_OK;
    char *inside;
    ACF_TRY(acf_image_find(&inside, path, id, e));
    *out = inside != NULL;
    acf_free(inside);
    return ACF_OK;
}

static acf_status set_data(settings *s, const acf_task *task, const acf_held_out_options *opt,
                           acf_error *e)
{
    char *path = acf_path_absolute(opt->data, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    bool is_set;
    acf_status st = holds_splits(&is_set, task, path, opt->split, e);
    if (st != ACF_OK) {
        acf_free(path);
        return st;
    }
    if (task != NULL && task->answered_by == NULL && !is_set && !task->image &&
        acf_path_is_dir(path)) {
        st = acf_fail(e, ACF_ERR_DATA, "%s: is a directory, expected a file; give --data %s/%s.tsv",
                      path, path, opt->split == ACF_TEST ? "test" : "dev");
    } else if (task != NULL && task->answered_by != NULL) {
        st = set_asked_only(s, task, path, e);
    } else if (is_set) {
        st = set_dir(s, path, e);
    } else if (opt->split == ACF_TEST) {
        st = set(s, "data.test", path, true, e);
    } else {
        st = set(s, "data.dev", path, true, e);
        if (st == ACF_OK) st = set_not_drawn(s, e);
    }
    acf_free(path);
    return st;
}

/* Is the key of a setting `path`, or inside it? */
static bool is_of(const char *setting, const char *path)
{
    size_t len = strlen(path);
    return strncmp(setting, path, len) == 0 && (setting[len] == '=' || setting[len] == '.');
}

/* Only keys of the data have an effect, but not those of training rows alone: others would be taken
 * and forgotten. */
static acf_status check_sets(const acf_held_out_options *opt, acf_error *e)
{
    for (size_t i = 0; i < opt->n_sets; i++) {
        const char *set = opt->sets[i];
        if (strncmp(set, "data.", 5) != 0)
            return acf_fail(e, ACF_ERR_USAGE,
                            "--set %s: takes data.KEY=VALUE, no other key has an effect here%s",
                            set, is_of(set, "task") ? "; give --task TASK" : "");
        if (is_of(set, "data.shots") || is_of(set, "data.max_train_samples") ||
            is_of(set, "data.augment"))
            return acf_fail(e, ACF_ERR_USAGE,
                            "--set %s: is about training rows, it has no effect here", set);
    }
    return ACF_OK;
}

static acf_status gather_settings(settings *s, const acf_model *m, const acf_held_out_options *opt,
                                  acf_error *e)
{
    const char *name = opt->task;
    ACF_TRY(check_sets(opt, e));
    s->item =
        acf_alloc(opt->n_sets + sizeof s->own / sizeof s->own[0], sizeof *s->item, "settings", e);
    if (s->item == NULL) return ACF_ERR_RESOURCE;
    if (opt->task != NULL) ACF_TRY(set(s, "task", opt->task, false, e));
    if (name == NULL && m->card != NULL)
        ACF_TRY(acf_json_string(&name, m->card, "task", NULL, "acf.json", e));
    const acf_task *task = name != NULL ? acf_task_find(name) : NULL;
    bool is_asked_only = task != NULL && task->answered_by != NULL;
    if (is_asked_only && opt->data == NULL && opt->n_sets == 0)
        return acf_fail(e, ACF_ERR_USAGE,
                        "--data: task '%s' needs the diagnostic file or its directory", task->name);
    if (opt->data != NULL) ACF_TRY(set_data(s, task, opt, e));
    for (size_t i = 0; i < opt->n_sets; i++)
        s->item[s->n++] = opt->sets[i];
    return ACF_OK;
}

acf_status acf_held_out_config(acf_config *cfg, acf_str *problems, const acf_model *m,
                               const acf_held_out_options *opt, acf_error *e)
{
    const char *text = NULL;
    acf_str minimal = {0};
    settings s = {0};
    acf_status st = ACF_OK;
    if (m->card != NULL) st = acf_json_string(&text, m->card, "config", NULL, "acf.json", e);
    if (st == ACF_OK && text == NULL) {
        st = minimal_config(&minimal, m, opt, e);
        text = minimal.data;
    }
    if (st == ACF_OK) st = gather_settings(&s, m, opt, e);
    if (st == ACF_OK) {
        ACF_ASSERT(text != NULL); /* the card's, or what was made above */
        st = acf_config_load_text(cfg, problems, text, strlen(text), "acf.json", s.item, s.n, e);
        if (st == ACF_ERR_USAGE && text != minimal.data && !is_right(text))
            st = acf_fail(e, ACF_ERR_MODEL, "acf.json: the configuration in it is not right");
    }
    for (size_t i = 0; i < s.n_own; i++)
        acf_str_free(&s.own[i]);
    acf_free(s.item);
    acf_str_free(&minimal);
    return st;
}
