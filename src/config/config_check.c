/* What no key says alone. */
#include "config/config_internal.h"

#include "base/mem.h"
#include "config/value.h"
#include "encoder/families.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct checker {
    const acf_config *cfg;
    acf_problems *p;
} checker;

/* Neither left out nor already told to be wrong. */
static bool fine(const checker *c, const char *path)
{
    return !acf_config_origin(c->cfg, path)->bad;
}

static bool given(const checker *c, const char *path)
{
    const acf_origin *o = acf_config_origin(c->cfg, path);
    const acf_key *k = &acf_keys[acf_key_find(path)];
    bool by_user = o->kind == ACF_FROM_FILE || o->kind == ACF_FROM_SET;
    return by_user && !o->bad && !acf_value_is_unset(c->cfg, k);
}

/* Given, and another value than the default: a resolved configuration names every key. */
static bool changed(const checker *c, const char *path)
{
    if (!given(c, path)) return false;
    const acf_key *k = &acf_keys[acf_key_find(path)];
    acf_str text = {0};
    acf_error e = {0};
    acf_status st = acf_value_print(&text, c->cfg, k, &e);
    bool same = st == ACF_OK && k->fallback != NULL && strcmp(text.data, k->fallback) == 0;
    if (st != ACF_OK) c->p->failed = e;
    acf_str_free(&text);
    return !same;
}

/* Where to point: at the value that the user gave. */
static acf_place place(const checker *c, const char *path)
{
    const acf_origin *o = acf_config_origin(c->cfg, path);
    bool by_user = o->kind == ACF_FROM_FILE || o->kind == ACF_FROM_SET;
    return by_user ? o->where : (acf_place){0};
}

/* Where to point when a rule may have changed the value since: the first of two that was given. */
static acf_place place_of_two(const checker *c, const char *first, const char *second)
{
    acf_place at = place(c, first);
    return at.line > 0 ? at : place(c, second);
}

static void check_required(const checker *c)
{
    for (int i = 0; i < ACF_N_KEYS; i++) {
        const acf_origin *o = &c->cfg->origins->item[i];
        const acf_key *k = &acf_keys[i];
        if (k->fallback != NULL || k->unset != NULL || o->kind != ACF_FROM_DEFAULT) continue;
        if (k->type == ACF_TYPE_INT && c->cfg->schema == 1) continue; /* no file: this program's */
        acf_problem_add(c->p, (acf_place){0}, "key '%s' is missing", k->path);
        if (k->type == ACF_TYPE_INT)
            acf_problem_hint(c->p, "the first line is 'schema: 1'");
        else
            acf_problem_hint(c->p, "%s", k->meaning);
    }
    if (given(c, "schema") && c->cfg->schema != 1)
        acf_problem_add(c->p, place(c, "schema"), "schema = %d: this program reads schema 1",
                        c->cfg->schema);
}

static bool is_text_task(const checker *c)
{
    const acf_task *task = acf_config_task(c->cfg);
    return task != NULL && !task->image;
}

static void check_files(const checker *c)
{
    const acf_config *cfg = c->cfg;
    const acf_task *task = acf_config_task(cfg);
    if (task == NULL) return;
    bool has_files = cfg->data.dir != NULL || cfg->data.train != NULL;
    bool has_others = cfg->data.dev != NULL || cfg->data.test != NULL;
    bool is_only_asked = task->answered_by != NULL && !has_files && has_others; /* by acf-eval */
    if (!has_files && !is_only_asked && fine(c, "data.dir") && fine(c, "data.train")) {
        acf_problem_add(c->p, (acf_place){0}, "key 'data.dir' or 'data.train' is missing");
        acf_problem_hint(c->p, "where are the files of task '%s'?", cfg->task);
    }
    if (given(c, "data.dir") && given(c, "data.train")) {
        acf_problem_add(c->p, place(c, "data.train"), "data.train and data.dir exclude each other");
        bool is_dir_new = acf_config_origin(cfg, "data.dir")->kind == ACF_FROM_SET;
        acf_problem_hint(c->p, "what is not meant is cleared with --set %s=null",
                         is_dir_new ? "data.train=null --set data.dev" : "data.dir");
    }
    if (task->answered_by != NULL && !is_only_asked)
        acf_problem_add(c->p, place(c, "task"),
                        "task '%s' has no training data: train task '%s', then acf-eval",
                        task->name, task->answered_by);
}

/* Two keys that exclude each other; where the command line has a part in it, how it can clear one:
 * what stands in the file, or the second. */
static void refuse_both(const checker *c, const char *first, const char *first_none,
                        const char *second, const char *second_none)
{
    bool is_first_set = acf_config_origin(c->cfg, first)->kind == ACF_FROM_SET;
    bool is_second_set = acf_config_origin(c->cfg, second)->kind == ACF_FROM_SET;
    acf_problem_add(c->p, place(c, first), "%s and %s exclude each other", first, second);
    if (is_first_set || is_second_set)
        acf_problem_hint(c->p, "what is not meant is cleared with --set %s=%s",
                         is_first_set ? second : first, is_first_set ? second_none : first_none);
}

static void check_choice_of_rows(const checker *c)
{
    const acf_config *cfg = c->cfg;
    const char *no_folds = given(c, "data.fold") ? "null --set data.fold=null" : "null";
    if (given(c, "data.shots") && given(c, "data.max_train_samples"))
        acf_problem_add(c->p, place(c, "data.shots"),
                        "data.shots and data.max_train_samples exclude each other");
    if (given(c, "data.dev") && given(c, "data.dev_fraction") && cfg->data.dev_fraction > 0.0)
        refuse_both(c, "data.dev_fraction", "0", "data.dev", "null");
    if (given(c, "data.folds") && given(c, "data.dev"))
        refuse_both(c, "data.folds", no_folds, "data.dev", "null");
    if (given(c, "data.folds") && given(c, "data.dev_fraction") && cfg->data.dev_fraction > 0.0)
        refuse_both(c, "data.folds", no_folds, "data.dev_fraction", "0");
    if (given(c, "data.fold") && fine(c, "data.folds") && cfg->data.folds == ACF_UNSET)
        acf_problem_add(c->p, place(c, "data.fold"), "data.fold needs data.folds");
    if (given(c, "data.fold") && given(c, "data.folds") && cfg->data.fold > cfg->data.folds)
        acf_problem_add(c->p, place(c, "data.fold"), "data.fold = %d is more than data.folds = %d",
                        cfg->data.fold, cfg->data.folds);
    const char *counted = given(c, "data.shots")                       ? "data.shots"
                          : given(c, "data.labels")                    ? "data.labels"
                          : cfg->train.sampler == ACF_SAMPLER_BALANCED ? "train.sampler"
                          : cfg->loss.class_weights == ACF_CFG_WEIGHTS_BALANCED
                              ? "loss.class_weights"
                          : cfg->loss.label_smoothing > 0.0           ? "loss.label_smoothing"
                          : cfg->model.label_init == ACF_LABELS_MEANS ? "model.label_init"
                                                                      : NULL;
    if (acf_config_is_regression(cfg) && counted != NULL)
        acf_problem_add(c->p, place(c, counted),
                        "%s needs classes; loss.type = mse is a regression", counted);
}

static void check_columns(const checker *c)
{
    static const char *const paths[] = {"data.columns.text", "data.columns.text2",
                                        "data.columns.label"};
    const acf_column col[] = {c->cfg->data.columns.text, c->cfg->data.columns.text2,
                              c->cfg->data.columns.label};
    for (int i = 0; i < 3; i++) {
        if (!given(c, paths[i])) continue;
        if (c->cfg->data.header == ACF_HEADER_NO && col[i].name != NULL) {
            acf_problem_add(c->p, place(c, paths[i]),
                            "%s is a name, but data.header = no: there are no names", paths[i]);
            acf_problem_hint(c->p, "give the column's number, from 0");
        }
        for (int j = 0; j < i; j++) {
            bool same = col[i].name != NULL
                            ? col[j].name != NULL && strcmp(col[i].name, col[j].name) == 0
                            : col[j].name == NULL && col[i].index == col[j].index;
            if (given(c, paths[j]) && same)
                acf_problem_add(c->p, place(c, paths[i]), "%s and %s are the same column", paths[j],
                                paths[i]);
        }
    }
}

static void check_image_keys(const checker *c)
{
    const acf_config *cfg = c->cfg;
    for (int i = 0; i < ACF_N_KEYS && is_text_task(c); i++) {
        const char *path = acf_keys[i].path;
        bool image_only = acf_key_is_in(path, "data.image") || acf_key_is_in(path, "data.augment");
        if (image_only && changed(c, path))
            acf_problem_add(c->p, place(c, path), "%s is for images; task '%s' has texts", path,
                            cfg->task);
    }
    size_t means = cfg->data.image.mean.n, stds = cfg->data.image.std.n;
    if (fine(c, "data.image.mean") && fine(c, "data.image.std") && means != stds)
        acf_problem_add(c->p, place_of_two(c, "data.image.std", "data.image.mean"),
                        "data.image.mean has %zu numbers, data.image.std %zu", means, stds);
}

static void check_model(const checker *c)
{
    const acf_config *cfg = c->cfg;
    if (cfg->task == NULL) return;
    bool image = acf_config_is_image(cfg);
    if (cfg->model.encoder_is_preset) {
        acf_preset_facts preset;
        (void)acf_encoder_preset_facts(&preset, cfg->model.encoder);
        if (preset.is_image != image) {
            acf_problem_add(c->p, place(c, "model.encoder"),
                            "model.encoder = %s encodes %s; task '%s' has %s", cfg->model.encoder,
                            preset.is_image ? "images" : "texts", cfg->task,
                            image ? "images" : "texts");
            return;
        }
    }
    if (given(c, "model.pooling") && image != (cfg->model.pooling == ACF_POOL_GAP)) {
        acf_problem_add(c->p, place(c, "model.pooling"), "model.pooling: %s",
                        image ? "images are pooled by gap" : "gap is for images");
        acf_problem_hint(c->p, "%s", image ? "write gap" : "write pooler, cls or mean");
    }
    if (image && given(c, "model.vocab.size")) {
        acf_problem_add(c->p, place(c, "model.vocab.size"), "model.vocab.size is for texts");
        acf_problem_hint(c->p, "write null");
    }
}

static void check_loss(const checker *c)
{
    const acf_config *cfg = c->cfg;
    bool regression = acf_config_is_regression(cfg);
    const acf_task *task = acf_config_task(cfg);
    if (task != NULL && fine(c, "loss.type")) {
        bool may_be_regression = task->regression || (!task->preset && !task->image);
        if (task->regression && !regression) {
            acf_problem_add(c->p, place(c, "loss.type"),
                            "task '%s' is a regression: this loss needs classes", task->name);
            acf_problem_hint(c->p, "write mse, or leave loss.type out");
        }
        if (regression && !may_be_regression)
            acf_problem_add(c->p, place(c, "loss.type"),
                            "loss.type = mse is for regression; task '%s' has classes", task->name);
    }
    bool contrast = acf_objective_has_contrast(cfg->loss.type);
    if (contrast && cfg->loss.form == ACF_FORM_NTXENT && cfg->loss.label_weight != 1.0)
        acf_problem_add(c->p, place_of_two(c, "loss.label_weight", "loss.form"),
                        "loss.form = ntxent needs loss.label_weight = 1");
    if (!regression && cfg->loss.ce == 0.0 && cfg->loss.lambda == 0.0 && fine(c, "loss.ce") &&
        fine(c, "loss.lambda")) {
        acf_problem_add(c->p, place_of_two(c, "loss.ce", "loss.lambda"),
                        "loss.ce and the contrastive term weigh 0: nothing teaches the classes");
        acf_problem_hint(c->p, "give loss.ce a weight above 0");
    }
}

static void check_train(const checker *c)
{
    const acf_config *cfg = c->cfg;
    if (given(c, "train.seeds") && given(c, "data.folds") && fine(c, "data.fold") &&
        cfg->data.fold == ACF_UNSET) {
        acf_problem_add(c->p, place(c, "train.seeds"),
                        "train.seeds and data.folds exclude each other: a series is of seeds or of "
                        "folds");
        acf_problem_hint(c->p, "choose one fold with data.fold, or one seed with train.seed");
    }
    if (given(c, "train.micro_batch") && fine(c, "train.batch_size") &&
        cfg->train.micro_batch > cfg->train.batch_size)
        acf_problem_add(c->p, place(c, "train.micro_batch"),
                        "train.micro_batch = %d is more than train.batch_size = %d",
                        cfg->train.micro_batch, cfg->train.batch_size);
    if (cfg->train.optimizer.name == ACF_OPTIM_SGD && cfg->train.optimizer.nesterov &&
        cfg->train.optimizer.momentum == 0.0)
        acf_problem_add(c->p, place(c, "train.optimizer.nesterov"),
                        "train.optimizer.nesterov needs train.optimizer.momentum above 0");
    bool every = !isnan(cfg->train.schedule.every.value);
    bool milestones = cfg->train.schedule.milestones.n > 0;
    bool read = fine(c, "train.schedule.every") && fine(c, "train.schedule.milestones");
    if (cfg->train.schedule.name == ACF_SCHEDULE_STEP && every == milestones && read) {
        acf_problem_add(c->p, place(c, "train.schedule.name"),
                        "train.schedule.name = step needs %s of every and milestones",
                        every ? "only one" : "one");
        acf_problem_hint(c->p, "such as every: 30 epochs");
    }
}

static void check_eval(const checker *c)
{
    const acf_config *cfg = c->cfg;
    bool regression = acf_config_is_regression(cfg);
    const char *metric = cfg->eval.metric;
    if (given(c, "eval.metric") && strcmp(metric, "loss") != 0) {
        bool continuous = strcmp(metric, "pearson") == 0 || strcmp(metric, "spearman") == 0;
        if (continuous != regression)
            acf_problem_add(c->p, place(c, "eval.metric"), "eval.metric = %s is for %s", metric,
                            continuous ? "regression (loss.type = mse)" : "classes");
        if (regression && !continuous)
            acf_problem_hint(c->p, "of numbers it is pearson, spearman or loss");
    }
    if (given(c, "eval.head") && regression && cfg->eval.head == ACF_HEAD_LABEL)
        acf_problem_add(c->p, place(c, "eval.head"),
                        "eval.head = label needs classes; loss.type = mse is a regression");
    bool stops = cfg->eval.early_stop.patience != ACF_UNSET;
    if (changed(c, "eval.early_stop.min_delta") && !stops && fine(c, "eval.early_stop.patience"))
        acf_problem_add(c->p, place(c, "eval.early_stop.min_delta"),
                        "eval.early_stop.min_delta needs eval.early_stop.patience");
    if (stops && cfg->data.dir == NULL && cfg->data.dev == NULL && fine(c, "data.dir") &&
        fine(c, "data.dev") && !acf_config_draws_dev(cfg) && fine(c, "data.dev_fraction") &&
        fine(c, "data.folds")) {
        acf_problem_add(c->p, place(c, "eval.early_stop.patience"),
                        "eval.early_stop needs data.dev, data.dev_fraction or data.folds");
        acf_problem_hint(c->p, "without dev rows it is cleared with --set eval.early_stop=null");
    }
}

void acf_config_check(const acf_config *cfg, acf_problems *p)
{
    checker c = {.cfg = cfg, .p = p};
    check_required(&c);
    check_files(&c);
    check_choice_of_rows(&c);
    check_columns(&c);
    check_image_keys(&c);
    check_model(&c);
    check_loss(&c);
    check_train(&c);
    check_eval(&c);
}
