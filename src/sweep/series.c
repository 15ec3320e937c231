#include "sweep/series.h"

#include "base/io.h"
#include "base/path.h"
#include "base/json.h"
#include "base/mem.h"
#include "num/threads.h"
#include "metrics/metrics.h"
#include "run/run_status.h"
#include "metrics/sample.h"
#include "config/value.h"
#include "store/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RESULTS_BYTES = 16 << 20 };

static bool is_of_folds(const acf_config *cfg)
{
    return cfg->data.folds > 0 && cfg->data.fold <= 0;
}

bool acf_series_wanted(const acf_config *cfg)
{
    return cfg->train.seeds.n > 0 || is_of_folds(cfg);
}

/* Run i as settings on top of the whole configuration; their texts are the caller's. */
static acf_status describe_run(acf_series *s, int i, acf_str *what, acf_str *dir, acf_error *e)
{
    acf_str path = {0};
    bool folds = is_of_folds(s->cfg);
    long long number = folds ? i + 1 : (long long)s->cfg->train.seeds.item[i];
    (void)snprintf(s->name[i], sizeof s->name[i], "%s-%lld", folds ? "fold" : "seed", number);
    acf_status st = acf_str_printf(what, e, "%s=%lld", folds ? "data.fold" : "train.seed", number);
    if (st == ACF_OK) st = acf_str_printf(&path, e, "%s/%s", s->cfg->save.dir, s->name[i]);
    if (st == ACF_OK) st = acf_str_puts(dir, "save.dir=", e);
    if (st == ACF_OK) st = acf_yaml_quote(dir, path.data, e);
    acf_str_free(&path);
    return st;
}

/* The configuration of run i, read from the text of the whole one. */
static acf_status open_run(acf_series *s, int i, const acf_str *text, int n_jobs, acf_error *e)
{
    acf_str what = {0}, dir = {0}, problems = {0};
    acf_status st = ACF_OK;
    bool is_one = !acf_series_wanted(s->cfg);
    if (!is_one) st = describe_run(s, i, &what, &dir, e);
    if (st == ACF_OK) {
        const char *sets[] = {"train.seeds=null", what.data, dir.data};
        st = acf_config_load_text(&s->run[i], &problems, text->data, text->len, s->name[i], sets,
                                  is_one ? 0 : 3, e);
    }
    if (st == ACF_OK && n_jobs > 1 && s->run[i].train.threads <= 0) {
        int share = acf_threads_available() / n_jobs;
        s->run[i].train.threads = share > 1 ? share : 1;
    }
    acf_str_free(&what);
    acf_str_free(&dir);
    acf_str_free(&problems);
    return st;
}

acf_status acf_series_open(acf_series *s, const acf_config *cfg, int n_jobs, acf_error *e)
{
    acf_str text = {0};
    size_t n = is_of_folds(cfg)         ? (size_t)cfg->data.folds
               : cfg->train.seeds.n > 0 ? cfg->train.seeds.n
                                        : 1;
    *s = (acf_series){.cfg = cfg};
    s->name = acf_alloc(n, sizeof *s->name, "names of runs", e);
    s->run = acf_alloc(n, sizeof *s->run, "configurations", e);
    if (s->name == NULL || s->run == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_config_print(&text, cfg, false, e);
    for (size_t i = 0; i < n && st == ACF_OK; i++) {
        st = open_run(s, (int)i, &text, n_jobs, e);
        if (st == ACF_OK) s->n++;
    }
    acf_str_free(&text);
    return st;
}

void acf_series_close(acf_series *s)
{
    for (int i = 0; i < s->n; i++)
        acf_config_free(&s->run[i]);
    acf_free(s->run);
    acf_free(s->name);
    acf_lock_release(&s->lock);
    *s = (acf_series){0};
}

acf_status acf_series_check(const acf_series *s, acf_run_mode mode, acf_error *e)
{
    bool is_resumed;
    ACF_TRY(acf_run_dir_check(&is_resumed, s->cfg, mode, e));
    for (int i = 0; i < s->n; i++) {
        acf_status st = acf_run_dir_check(&is_resumed, &s->run[i], mode, e);
        if (st != ACF_OK) return acf_context(e, "%s", s->name[i]);
    }
    return ACF_OK;
}

acf_status acf_series_begin(acf_series *s, const acf_train_options *opt, acf_error *e)
{
    bool is_resumed;
    char line[64];
    if (!acf_series_wanted(s->cfg)) return ACF_OK;
    ACF_TRY(acf_run_dir_check(&is_resumed, s->cfg, opt->mode, e));
    ACF_TRY(acf_run_dir_make(s->cfg, ACF_RUN_FRESH, e));
    ACF_TRY(acf_lock_take(&s->lock, s->cfg->save.dir, e));
    if (!is_resumed) ACF_TRY(acf_run_dir_make(s->cfg, opt->mode, e));
    ACF_TRY(acf_run_dir_sweep(s->cfg->save.dir, e));
    ACF_TRY(acf_run_dir_describe(s->cfg, opt->command, NULL, NULL, e));
    (void)snprintf(line, sizeof line, "series of %d runs", s->n);
    return acf_run_dir_note(s->cfg->save.dir, "train.log", line, e);
}

acf_status acf_series_is_finished(bool *finished, const acf_series *s, int i, acf_error *e)
{
    acf_run_status status;
    ACF_TRY(acf_run_status_of(&status, &s->run[i], e));
    *finished = status.ended == acf_exit_code(ACF_OK);
    return ACF_OK;
}

/* The directory of the first run but i that has begun; NULL: none has. */
static acf_status begun_sibling(const char **dir, const acf_series *s, int i, acf_error *e)
{
    *dir = NULL;
    for (int k = 0; k < s->n && *dir == NULL; k++) {
        if (k == i) continue;
        char *path = acf_path_join(s->run[k].save.dir, "environment.json", e);
        if (path == NULL) return ACF_ERR_RESOURCE;
        if (acf_path_exists(path)) *dir = s->run[k].save.dir;
        acf_free(path);
    }
    return ACF_OK;
}

acf_status acf_series_train(acf_str *summary, const acf_series *s, int i,
                            const acf_train_options *opt, acf_error *e)
{
    acf_train_options one = *opt;
    /* OVERWRITE has emptied the whole directory before. */
    if (opt->mode == ACF_RUN_OVERWRITE && !opt->dry_run) one.mode = ACF_RUN_FRESH;
    bool finished = false;
    if (one.mode == ACF_RUN_RESUME && !opt->dry_run)
        ACF_TRY(acf_series_is_finished(&finished, s, i, e));
    if (finished) {
        acf_log_info(&opt->log, "finished before");
        return ACF_OK;
    }
    if (!opt->dry_run || opt->mode == ACF_RUN_RESUME) /* else the old ones will go */
        ACF_TRY(begun_sibling(&one.sibling, s, i, e));
    acf_status st = acf_train(summary, &s->run[i], &one, e);
    return st == ACF_OK || *s->name[i] == '\0' ? st : acf_context(e, "%s", s->name[i]);
}

acf_status acf_series_results(cJSON **out, const acf_series *s, int i, acf_error *e)
{
    char *path = acf_path_join(s->run[i].save.dir, "eval_results.json", e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    *out = NULL;
    acf_status st = ACF_OK;
    if (acf_path_exists(path))
        st = acf_reclass(acf_json_read(out, path, RESULTS_BYTES, e), ACF_ERR_RESOURCE, e);
    acf_free(path);
    return st;
}

/* One figure of one head over all runs into x [n]; false when a run does not have it. */
static bool collect(double *x, cJSON *const *results, int n, const char *head, const char *metric)
{
    for (int i = 0; i < n; i++) {
        const cJSON *figures = cJSON_GetObjectItemCaseSensitive(results[i], head);
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(figures, metric);
        if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble)) return false;
        x[i] = value->valuedouble;
    }
    return true;
}

static bool add_sample(cJSON *object, const char *metric, double *x, int n)
{
    cJSON *c = cJSON_AddObjectToObject(object, metric);
    cJSON *values = cJSON_CreateDoubleArray(x, n); /* before they are sorted */
    acf_sample f = acf_sample_of(x, (size_t)n);
    const double ci[2] = {f.low, f.high};
    bool ok = c != NULL && cJSON_AddNumberToObject(c, "mean", f.mean) != NULL;
    if (ok && n > 1)
        ok = cJSON_AddNumberToObject(c, "sd", f.sd) != NULL &&
             acf_json_put(c, "ci", cJSON_CreateDoubleArray(ci, 2));
    ok = ok && cJSON_AddNumberToObject(c, "median", f.median) != NULL &&
         cJSON_AddNumberToObject(c, "min", f.min) != NULL &&
         cJSON_AddNumberToObject(c, "max", f.max) != NULL;
    if (ok) return acf_json_put(c, "values", values);
    cJSON_Delete(values);
    return false;
}

static acf_status add_head(cJSON *c, const char *head, cJSON *const *results, int n, double *x,
                           acf_error *e)
{
    cJSON *object = cJSON_AddObjectToObject(c, head);
    bool ok = object != NULL;
    for (int k = 0; ok && k < ACF_METRIC_COUNT; k++) {
        const char *metric = acf_metric_name((acf_metric)k);
        if (collect(x, results, n, head, metric)) ok = add_sample(object, metric, x, n);
    }
    return acf_json_check(ok ? c : NULL, e);
}

/* The run with the best eval.metric of eval.head, the earliest on ties; -1: unknown. */
static int best_run(const acf_series *s, cJSON *const *results, double *x)
{
    const char *head = acf_head_name((acf_head)s->cfg->eval.head);
    int metric = acf_metric_parse(s->cfg->eval.metric), best = 0;
    if (metric < 0 || !collect(x, results, s->n, head, s->cfg->eval.metric)) return -1;
    bool larger = acf_metric_larger_is_better((acf_metric)metric);
    for (int i = 1; i < s->n; i++)
        if (larger ? x[i] > x[best] : x[i] < x[best]) best = i;
    return best;
}

static acf_status link_best(const acf_series *s, int best, acf_error *e)
{
    char target[96], name[40];
    int64_t step = acf_checkpoint_linked(s->run[best].save.dir, "best");
    if (step < 0) return ACF_OK;
    acf_checkpoint_name(name, step);
    (void)snprintf(target, sizeof target, "%s/%s", s->name[best], name);
    return acf_checkpoint_link_to(s->cfg->save.dir, "best", target, e);
}

static acf_status put_lines(acf_str *out, const acf_series *s, cJSON *const *results, int best,
                            double *x, acf_error *e)
{
    static const char *const head[] = {"linear", "label"};
    const char *metric = s->cfg->eval.metric;
    for (int k = 0; k < 2; k++) {
        if (!collect(x, results, s->n, head[k], metric)) continue;
        acf_sample f = acf_sample_of(x, (size_t)s->n);
        ACF_TRY(acf_str_printf(out, e, "%s, %s head: mean %.4f", metric, head[k], f.mean));
        if (s->n > 1)
            ACF_TRY(acf_str_printf(out, e, ", sd %.4f  (95 %% interval of the mean %.4f to %.4f)",
                                   f.sd, f.low, f.high));
        ACF_TRY(acf_str_printf(out, e, ", median %.4f, from %.4f to %.4f, %d runs\n", f.median,
                               f.min, f.max, s->n));
    }
    const char *chosen = acf_head_name((acf_head)s->cfg->eval.head);
    if (best < 0)
        return acf_str_printf(out, e, "no best run: not every one has a %s of the %s head\n",
                              metric, chosen);
    ACF_TRY(acf_str_printf(out, e, "best: %s (%s head)\nmodel: %s/best\n", s->name[best], chosen,
                           s->cfg->save.dir));
    return ACF_OK;
}

/* Link best, write summary.json and note it; nothing of it when that is there as it is to be. */
static acf_status write_summary(const acf_series *s, const char *text, int best, acf_error *e)
{
    char *path = acf_path_join(s->cfg->save.dir, "summary.json", e), *old = NULL;
    size_t len;
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    bool same = acf_path_exists(path) &&
                acf_read_file(&old, &len, path, RESULTS_BYTES, NULL) == ACF_OK &&
                strcmp(old, text) == 0;
    if (!same && best >= 0) st = link_best(s, best, e);
    if (!same && st == ACF_OK) st = acf_write_atomic(path, text, strlen(text), e);
    if (!same && st == ACF_OK) st = acf_run_dir_note(s->cfg->save.dir, "train.log", "finished", e);
    acf_free(old);
    acf_free(path);
    return st;
}

static acf_status summarize(acf_str *summary, const acf_series *s, cJSON *const *results, double *x,
                            acf_error *e)
{
    cJSON *c = cJSON_CreateObject(), *runs = NULL;
    int best = best_run(s, results, x);
    bool ok = c != NULL && cJSON_AddStringToObject(c, "metric", s->cfg->eval.metric) != NULL &&
              cJSON_AddStringToObject(c, "head", acf_head_name((acf_head)s->cfg->eval.head)) &&
              cJSON_AddNumberToObject(c, "n", s->n) != NULL &&
              (runs = cJSON_AddArrayToObject(c, "runs")) != NULL;
    for (int i = 0; ok && i < s->n; i++)
        ok = cJSON_AddItemToArray(runs, cJSON_CreateString(s->name[i]));
    if (ok && best >= 0) ok = cJSON_AddStringToObject(c, "best", s->name[best]) != NULL;
    acf_status st = acf_json_check(ok ? c : NULL, e);
    if (st == ACF_OK) st = add_head(c, "linear", results, s->n, x, e);
    if (st == ACF_OK) st = add_head(c, "label", results, s->n, x, e);
    char *text = st == ACF_OK ? acf_json_print(c, true, e) : NULL;
    if (st == ACF_OK && text == NULL) st = ACF_ERR_RESOURCE;
    if (st == ACF_OK) st = write_summary(s, text, best, e);
    if (st == ACF_OK) st = put_lines(summary, s, results, best, x, e);
    acf_free(text);
    cJSON_Delete(c);
    return st;
}

acf_status acf_series_finish(acf_str *summary, const acf_series *s, acf_error *e)
{
    acf_status st = ACF_OK;
    if (!acf_series_wanted(s->cfg)) return ACF_OK;
    cJSON **results = acf_alloc((size_t)s->n, sizeof(cJSON *), "results", e);
    double *x = acf_alloc((size_t)s->n, sizeof *x, "figures", e);
    if (results == NULL || x == NULL) st = ACF_ERR_RESOURCE;
    for (int i = 0; i < s->n && st == ACF_OK; i++)
        st = acf_series_results(&results[i], s, i, e);
    if (st == ACF_OK) st = summarize(summary, s, results, x, e);
    for (int i = 0; results != NULL && i < s->n; i++)
        cJSON_Delete(results[i]);
    acf_free(results);
    acf_free(x);
    return st;
}
