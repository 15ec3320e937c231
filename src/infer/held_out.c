#include "infer/held_out_internal.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "data/image_table.h"
#include "data/text_source.h"
#include "input/data_options.h"
#include "input/data_record.h"
#include "input/image_input.h"
#include "model/head_labels.h"

#include <stdio.h>
#include <string.h>

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

/* Does who asks give this key? */
static bool is_set(const acf_held_out_options *opt, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < opt->n_sets; i++)
        if (strncmp(opt->sets[i], key, len) == 0 && opt->sets[i][len] == '=') return true;
    return false;
}

/* Labels that who asks gives are for a model that has no names of its own; where it has, files are
 * read by those. */
static acf_status take_given_labels(acf_model *m, const acf_strings *given, const acf_log *log,
                                    acf_error *e)
{
    int differs = -1; /* the first that does */
    for (int k = 0; k < m->K && (size_t)k < given->n && differs < 0; k++)
        if (strcmp(m->labels[k], given->item[k]) != 0) differs = k;
    if (given->n != (size_t)m->K)
        return acf_fail(e, ACF_ERR_USAGE, "--set data.labels: has %zu labels, the model has %d",
                        given->n, m->K);
    if (differs < 0) return ACF_OK;
    if (!acf_labels_are_generic(m->labels, m->K))
        return acf_fail(e, ACF_ERR_USAGE,
                        "--set data.labels: label %d is '%s', but the model calls it '%s': names "
                        "can be given only to a model that has none (LABEL_0 ...)",
                        differs, given->item[differs], m->labels[differs]);
    ACF_TRY(acf_model_set_labels(m, given->item, m->K, e));
    acf_log_info(log, "the model names its labels LABEL_0 ...: taken as those of data.labels, in "
                      "their order");
    return ACF_OK;
}

/* A foreign model that was saved without label names gets those that are given, else the task's, by
 * id. */
static acf_status adopt_labels(acf_model *m, const acf_config *cfg, const acf_held_out_options *opt,
                               acf_error *e)
{
    const acf_task *task = acf_task_find(cfg->task);
    if (cfg->data.labels.n > 0 && is_set(opt, "data.labels"))
        return take_given_labels(m, &cfg->data.labels, opt->log, e);
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
        acf_log_info(opt->log,
                     "the model names its labels LABEL_0 ...: taken as %s's, in their order",
                     cfg->task);
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

/* Was line 1 taken for a row where nothing could tell, in a file without the column of labels,
 * though it was a header in training? */
static bool missed_header(const acf_dataset *d, acf_split_id id, const acf_model *m,
                          const acf_config *cfg)
{
    const acf_split *s = &d->split[id];
    const acf_table *t = &d->table[id];
    const cJSON *record = cJSON_GetObjectItemCaseSensitive(m->card, "data");
    const cJSON *train = cJSON_GetObjectItemCaseSensitive(record, "train");
    bool is_free = s->is_image ? acf_image_is_table(s->path) : !d->task->preset;
    return is_free && t->names == NULL && !s->has_header && s->n > 1 &&
           cfg->data.header == ACF_HEADER_AUTO && cfg->data.columns.label.index >= t->n_cols &&
           cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(train, "header"));
}

static acf_status open_data(acf_dataset **out, acf_data_options *o, const acf_model *m,
                            const acf_config *cfg, const acf_held_out_options *opt, acf_error *e)
{
    ACF_TRY(acf_data_open(out, o, opt->log, e));
    if ((*out)->split[opt->split].path == NULL || !missed_header(*out, opt->split, m, cfg))
        return ACF_OK;
    acf_log_info(opt->log,
                 "%s: line 1 taken as a header, as in training; --set data.header=no keeps it as "
                 "a row",
                 (*out)->split[opt->split].path);
    acf_data_close(out);
    o->header = ACF_HEADER_YES;
    return acf_data_open(out, o, opt->log, e);
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
    bool is_chosen = opt->data != NULL || is_set(opt, key); /* by who asks */
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
    ACF_TRY(adopt_labels(m, cfg, opt, e));
    acf_data_keys_of(&keys, cfg);
    acf_data_options *o = &keys.options;
    o->labels = (const char *const *)(char *const *)m->labels;
    o->n_labels = m->K;
    o->labels_of_model = true;
    bool drawn = opt->split == ACF_DEV && acf_config_draws_dev(cfg) && opt->data == NULL &&
                 cfg->data.dev == NULL;
    o->splits = 1u << opt->split | 1u << second; /* a drawn dev brings training with it */
    if (!drawn) {                                /* what concerns the training split only */
        o->dev_fraction = 0;
        o->folds = 0;
        o->max_train_samples = 0;
        o->shots = 0;
    }
    o->ignore_labels = opt->ignore_labels;
    o->label_optional = opt->data != NULL || opt->split == ACF_TEST;
    acf_status st = open_data(&out->data, o, m, cfg, opt, e);
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
    ACF_TRY(acf_held_out_config(&cfg, problems, m, opt, e));
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
