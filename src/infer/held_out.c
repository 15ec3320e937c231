#include "infer/held_out.h"

#include "base/assert.h"
#include "base/path.h"
#include "base/json.h"
#include "base/mem.h"
#include "data/image_table.h"
#include "data/text_source.h"
#include "config/config.h"
#include "config/value.h"
#include "input/data_options.h"
#include "input/data_record.h"
#include "input/image_input.h"
#include "model/head_labels.h"
#include "model/model_dir.h"

#include <stdio.h>
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

/* Only keys of the data have an effect: others would be taken and forgotten. */
static acf_status check_sets(const acf_held_out_options *opt, acf_error *e)
{
    for (size_t i = 0; i < opt->n_sets; i++)
        if (strncmp(opt->sets[i], "data.", 5) != 0)
            return acf_fail(e, ACF_ERR_USAGE,
                            "--set %s: takes data.KEY=VALUE, no other key has an effect here%s",
                            opt->sets[i],
                            strncmp(opt->sets[i], "task=", 5) == 0 ? "; give --task TASK" : "");
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

/* The configuration behind the model: the one kept in acf.json, or a minimal one for a foreign
 * model; with --task, --data and --set on top. */
static acf_status load_config(acf_config *cfg, acf_str *problems, const acf_model *m,
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

/* Are there rows of this kind at all? */
static acf_status check_given(const acf_config *cfg, const acf_held_out_options *opt, acf_error *e)
{
    bool test = opt->split == ACF_TEST;
    const char *file = test ? cfg->data.test : cfg->data.dev;
    bool drawn = !test && acf_config_draws_dev(cfg);
    if (opt->data != NULL || cfg->data.dir != NULL || file != NULL || drawn) return ACF_OK;
    return acf_fail(e, ACF_ERR_DATA,
                    "%s: the data that the model was trained on has no %s split: give a file with "
                    "--data",
                    cfg->data.train != NULL ? cfg->data.train : cfg->task, test ? "test" : "dev");
}

/* A foreign model that was saved without label names gets the task's, by id. */
static acf_status adopt_labels(acf_model *m, const char *task_name, const acf_log *log,
                               acf_error *e)
{
    const acf_task *task = acf_task_find(task_name);
    if (task == NULL || task->labels == NULL || task->K != m->K ||
        !acf_labels_are_generic(m->labels, m->K))
        return ACF_OK;
    char **names = acf_alloc((size_t)task->K, sizeof *names, "names of the labels", e);
    if (names == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    int n = 0;
    for (; n < task->K && st == ACF_OK; n++) {
        names[n] = acf_strdup(task->labels[n], e);
        if (names[n] == NULL) st = ACF_ERR_RESOURCE;
    }
    if (st == ACF_OK) st = acf_model_set_labels(m, names, task->K, e);
    if (st == ACF_OK)
        acf_log_info(log, "the model names its labels LABEL_0 ...: taken as %s's, in their order",
                     task_name);
    while (n > 0)
        acf_free(names[--n]);
    acf_free(names);
    return st;
}

/* A number and a class are not compared with each other, nor texts with images. */
static acf_status check_kind(const acf_model *m, const acf_config *cfg, acf_error *e)
{
    const acf_task *task = acf_task_find(cfg->task);
    bool regression = acf_config_is_regression(cfg) || (task != NULL && task->regression);
    bool image = acf_config_is_image(cfg);
    if (image != (m->enc->channels > 0))
        return acf_fail(e, ACF_ERR_USAGE, "task '%s' has %s, but the model takes %s", cfg->task,
                        image ? "images" : "texts", image ? "texts" : "images");
    if (regression == (m->K == 1)) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE, "task '%s' has %s, but the model predicts %s", cfg->task,
                    regression ? "scores" : "labels", regression ? "labels" : "a number");
}

/* Are the files those of the training run, as far as acf.json tells? */
static acf_status check_content(const acf_dataset *d, const acf_model *m, bool drawn,
                                const acf_held_out_options *opt, acf_error *e)
{
    char how[ACF_DATA_CHANGE];
    const cJSON *record = cJSON_GetObjectItemCaseSensitive(m->card, "data");
    if (drawn && acf_data_record_differs(how, record, &d->split[ACF_TRAIN]))
        return acf_fail(e, ACF_ERR_DATA,
                        "%s: has changed since the model was trained (%s): dev rows drawn from it "
                        "now would be training rows; put the file back, or give another with "
                        "--data",
                        d->split[ACF_TRAIN].path, how);
    bool is_chosen = opt->data != NULL || opt->n_sets > 0; /* by who asks */
    for (int id = 0; !drawn && !is_chosen && id < ACF_N_SPLITS; id++)
        if (d->split[id].path != NULL && acf_data_record_differs(how, record, &d->split[id]))
            acf_log_warn(opt->log, "%s: has changed since the model was trained (%s)",
                         d->split[id].path, how);
    return ACF_OK;
}

static acf_status open_split(acf_held_out_part *out, acf_dataset *data, acf_split_id id,
                             acf_model *m, const acf_config *cfg, const acf_log *log, acf_error *e)
{
    out->split = &data->split[id];
    if (out->split->n == 0) return ACF_OK;
    if (m->enc->channels > 0) {
        const acf_image_input input = {.cfg = cfg, .log = log};
        return acf_image_input_held_out(&out->source, &data->split[id], m, &input, e);
    }
    return acf_text_source_stream(&out->source, out->split, m->tok, m->max_length, e);
}

/* After a failure to read: data of the training run that are no longer where they were. */
static acf_status tell_moved(const acf_config *cfg, const acf_held_out_options *opt, bool drawn,
                             acf_error *e)
{
    bool test = opt->split == ACF_TEST;
    const char *file = drawn ? cfg->data.train : test ? cfg->data.test : cfg->data.dev;
    const char *key = drawn ? "data.train" : test ? "data.test" : "data.dev", *what = "FILE";
    char text[ACF_ERROR_TEXT];
    if (file == NULL) {
        file = cfg->data.dir;
        key = "data.dir";
        what = "DIR";
    }
    bool is_chosen = opt->data != NULL; /* by who asks */
    for (size_t i = 0; i < opt->n_sets; i++)
        is_chosen |=
            strncmp(opt->sets[i], key, strlen(key)) == 0 && opt->sets[i][strlen(key)] == '=';
    if (is_chosen || file == NULL || acf_path_exists(file)) return e->status;
    memcpy(text, e->text, sizeof text);
    return acf_fail(e, ACF_ERR_DATA,
                    "%.900s (data of the training run; --data FILE or --set %s=%s names another)",
                    text, key, what);
}

static acf_status open_parts(acf_held_out *out, acf_model *m, const acf_config *cfg,
                             const acf_held_out_options *opt, acf_error *e)
{
    acf_data_keys keys;
    acf_split_id second = opt->split == ACF_TEST ? ACF_TEST_MM : ACF_DEV_MM;
    out->task = acf_strdup(cfg->task, e);
    out->metric = acf_strdup(cfg->eval.metric, e);
    if (out->task == NULL || out->metric == NULL) return ACF_ERR_RESOURCE;
    ACF_TRY(check_kind(m, cfg, e));
    ACF_TRY(adopt_labels(m, cfg->task, opt->log, e));
    acf_data_keys_of(&keys, cfg);
    acf_data_options *o = &keys.options;
    o->labels = (const char *const *)(char *const *)m->labels;
    o->n_labels = m->K;
    o->labels_of_model = true;
    bool drawn = opt->split == ACF_DEV && acf_config_draws_dev(cfg) && opt->data == NULL &&
                 cfg->data.dev == NULL;
    o->splits = 1u << opt->split | 1u << second; /* a drawn dev brings training with it */
    if (!drawn) { /* what concerns the training split only */
        o->dev_fraction = 0;
        o->folds = 0;
        o->max_train_samples = 0;
        o->shots = 0;
    }
    o->ignore_labels = opt->ignore_labels;
    o->label_optional = opt->data != NULL || opt->split == ACF_TEST;
    acf_status st = acf_data_open(&out->data, o, opt->log, e);
    if (st == ACF_ERR_DATA) st = tell_moved(cfg, opt, drawn, e);
    ACF_TRY(st);
    ACF_TRY(check_content(out->data, m, drawn, opt, e));
    ACF_TRY(open_split(&out->part[0], out->data, opt->split, m, cfg, opt->log, e));
    ACF_TRY(open_split(&out->part[1], out->data, second, m, cfg, opt->log, e));
    for (int i = 0; i < 2; i++)
        out->part[i].n_left_out = out->part[i].split->n_bad + out->part[i].split->n_bad_images;
    if (drawn) out->part[0].n_left_out += out->data->split[ACF_TRAIN].n_bad;
    if (out->part[0].source != NULL) return ACF_OK;
    return acf_fail(e, ACF_ERR_DATA, "%s: there is no %s split: give a file with --data",
                    cfg->data.dir != NULL ? cfg->data.dir : cfg->task, out->part[0].split->name);
}

acf_status acf_held_out_open(acf_held_out *out, acf_str *problems, acf_model *m,
                             const acf_held_out_options *opt, acf_error *e)
{
    acf_config cfg;
    *out = (acf_held_out){0};
    ACF_TRY(load_config(&cfg, problems, m, opt, e));
    acf_status st = check_given(&cfg, opt, e);
    if (st == ACF_OK) st = open_parts(out, m, &cfg, opt, e);
    acf_config_free(&cfg);
    if (st != ACF_OK) acf_held_out_close(out);
    return st;
}

const char *acf_held_out_left_out(char text[ACF_LEFT_OUT], const acf_held_out_part *part)
{
    text[0] = '\0';
    if (part->n_left_out > 0)
        (void)snprintf(text, ACF_LEFT_OUT, " (%d left out: %s)", part->n_left_out,
                       part->split->is_image ? "bad lines or images" : "malformed lines");
    return text;
}

void acf_held_out_close(acf_held_out *h)
{
    for (int i = 0; i < 2; i++)
        acf_source_close(&h->part[i].source);
    acf_data_close(&h->data);
    acf_free(h->task);
    acf_free(h->metric);
    *h = (acf_held_out){0};
}
