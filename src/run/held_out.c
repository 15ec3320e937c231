#include "run/held_out.h"

#include "base/assert.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "data/text_source.h"
#include "run/config.h"
#include "run/model_dir.h"
#include "run/setup.h"

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

/* The configuration behind the model: the one kept in acf.json, or a minimal one for a foreign
 * model; with --task, --data and --set on top. */
static acf_status load_config(acf_config *cfg, acf_str *problems, const acf_model *m,
                              const acf_held_out_options *opt, acf_error *e)
{
    const char *text = NULL;
    acf_str minimal = {0}, task = {0}, file = {0};
    char *path = NULL;
    const char **sets = NULL;
    size_t n = 0;
    acf_status st = ACF_OK;
    if (m->card != NULL) st = acf_json_string(&text, m->card, "config", NULL, "acf.json", e);
    if (st == ACF_OK && text == NULL) {
        if (opt->task == NULL || opt->data == NULL)
            st = acf_fail(e, ACF_ERR_USAGE,
                          "%s: the model was not trained here and knows no data: say which with "
                          "%s",
                          opt->task == NULL ? "--task" : "--data",
                          opt->task == NULL ? "--task TASK --data FILE" : "--data FILE");
        else
            /* A whole configuration has training data; this one's is never read. */
            st = acf_str_printf(&minimal, e,
                                "schema: 1\ntask: %s\nmodel: {encoder: bert-tiny}\n"
                                "data: {train: none}\n",
                                opt->task);
        text = minimal.data;
    }
    if (st == ACF_OK) {
        sets = acf_alloc(opt->n_sets + 3, sizeof *sets, "settings", e);
        if (sets == NULL) st = ACF_ERR_RESOURCE;
    }
    if (st == ACF_OK && opt->task != NULL) {
        st = acf_str_printf(&task, e, "task=%s", opt->task);
        if (st == ACF_OK) sets[n++] = task.data;
    }
    if (st == ACF_OK && opt->data != NULL) {
        path = acf_path_absolute(opt->data, e);
        st = path == NULL ? ACF_ERR_RESOURCE
                          : acf_str_printf(&file, e, "data.%s=\"%s\"",
                                           opt->split == ACF_TEST ? "test" : "dev", path);
        if (st == ACF_OK) sets[n++] = file.data;
    }
    for (size_t i = 0; st == ACF_OK && i < opt->n_sets; i++)
        sets[n++] = opt->sets[i];
    if (st == ACF_OK) {
        ACF_ASSERT(text != NULL); /* the card's, or what was made above */
        st = acf_config_load_text(cfg, problems, text, strlen(text), "acf.json", sets, n, e);
        if (st == ACF_ERR_USAGE && text != minimal.data && !is_right(text))
            st = acf_fail(e, ACF_ERR_MODEL, "acf.json: the configuration in it is not right");
    }
    acf_free(sets);
    acf_free(path);
    acf_str_free(&minimal);
    acf_str_free(&task);
    acf_str_free(&file);
    return st;
}

/* Are there rows of this kind at all? */
static acf_status check_given(const acf_config *cfg, const acf_held_out_options *opt, acf_error *e)
{
    bool test = opt->split == ACF_TEST;
    const char *file = test ? cfg->data.test : cfg->data.dev;
    bool drawn = !test && cfg->data.dev_fraction > 0;
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
    char *names[128];
    if (task->K > (int)(sizeof names / sizeof *names)) return ACF_OK;
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
    return st;
}

static acf_status open_parts(acf_held_out *out, acf_model *m, const acf_config *cfg,
                             const acf_held_out_options *opt, acf_error *e)
{
    acf_data_names names;
    out->task = acf_strdup(cfg->task, e);
    if (out->task == NULL) return ACF_ERR_RESOURCE;
    ACF_TRY(adopt_labels(m, cfg->task, opt->log, e));
    acf_setup_data_options(&names, cfg);
    acf_data_options *o = &names.options;
    o->labels = (const char *const *)(char *const *)m->labels;
    o->n_labels = m->K;
    bool drawn = opt->split == ACF_DEV && cfg->data.dev_fraction > 0 && opt->data == NULL &&
                 cfg->data.dev == NULL;
    o->splits = drawn ? 0u : 1u << opt->split;
    if (!drawn) { /* what concerns the training split only */
        o->dev_fraction = 0;
        o->max_train_samples = 0;
        o->shots = 0;
    }
    o->ignore_labels = opt->ignore_labels;
    o->label_optional = opt->data != NULL || opt->split == ACF_TEST;
    ACF_TRY(acf_data_open(&out->data, o, opt->log, e));
    out->split = &out->data->split[opt->split];
    if (out->split->n == 0)
        return acf_fail(e, ACF_ERR_DATA, "%s: there is no %s split: give a file with --data",
                        cfg->data.dir != NULL ? cfg->data.dir : cfg->task, out->split->name);
    return acf_text_source_open(&out->source, out->split, m->tok, m->max_length, NULL, NULL,
                                opt->log, e);
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

void acf_held_out_close(acf_held_out *h)
{
    acf_source_close(&h->source);
    acf_data_close(&h->data);
    acf_free(h->task);
    *h = (acf_held_out){0};
}
