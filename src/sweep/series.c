#include "sweep/series.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/path.h"
#include "config/value.h"
#include "input/inputs.h"
#include "metrics/metrics.h"
#include "metrics/sample.h"
#include "num/threads.h"
#include "run/run_status.h"
#include "store/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RESULTS_BYTES = 16 << 20 };

int acf_series_folds(const acf_config *cfg)
{
    return cfg->data.folds > 0 && cfg->data.fold <= 0 ? cfg->data.folds : 0;
}

bool acf_series_wanted(const acf_config *cfg)
{
    return cfg->train.seeds.n > 0 || acf_series_folds(cfg) > 0;
}

/* Run i as settings on top of the whole configuration; their texts are the caller's. */
static acf_status describe_run(acf_series *s, int i, acf_str *what, acf_str *dir, acf_error *e)
{
    acf_str path = {0};
    bool folds = acf_series_folds(s->cfg) > 0;
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

acf_status acf_series_seeds(acf_str *setting, const char *given, acf_error *e)
{
    bool is_bare = *given != '[' && strstr(given, "..") == NULL;
    return acf_str_printf(setting, e, is_bare ? "train.seeds=[%s]" : "train.seeds=%s", given);
}

acf_status acf_series_open(acf_series *s, const acf_config *cfg, int n_jobs, acf_error *e)
{
    acf_str text = {0};
    size_t n = acf_series_folds(cfg) > 0 ? (size_t)cfg->data.folds
               : cfg->train.seeds.n > 0  ? cfg->train.seeds.n
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
        ACF_TRY(acf_context(st, e, "%s", s->name[i]));
    }
    return ACF_OK;
}

acf_status acf_series_check_inputs(const acf_series *s, acf_run_mode mode, acf_error *e)
{
    bool is_resumed;
    ACF_TRY(acf_run_dir_check(&is_resumed, s->cfg, mode, e));
    if (is_resumed) return ACF_OK;
    ACF_TRY(acf_inputs_read_data(&s->run[0], e));
    return acf_inputs_find_encoder(&s->run[0], e);
}

acf_status acf_series_begin(acf_series *s, const acf_train_options *opt, acf_error *e)
{
    bool is_resumed;
    char line[64];
    if (!acf_series_wanted(s->cfg)) return ACF_OK;
    ACF_TRY(acf_run_dir_check(&is_resumed, s->cfg, opt->mode, e));
    ACF_TRY(acf_output_check_dir(s->cfg->save.dir, e));
    for (int i = 0; i < s->n && is_resumed; i++) { /* while the series has its old configuration */
        acf_status st = acf_run_check_left(&s->run[i], e);
        ACF_TRY(acf_context(st, e, "%s", s->name[i]));
    }
    ACF_TRY(acf_run_dir_make(s->cfg, ACF_RUN_FRESH, e));
    ACF_TRY(acf_lock_take(&s->lock, s->cfg->save.dir, e));
    if (!is_resumed) ACF_TRY(acf_run_dir_make(s->cfg, opt->mode, e));
    ACF_TRY(acf_run_dir_sweep(s->cfg->save.dir, e));
    ACF_TRY(acf_run_dir_describe(s->cfg, opt->command, NULL, NULL, NULL, e));
    (void)snprintf(line, sizeof line, "series of %d runs", s->n);
    return acf_run_dir_note(s->cfg->save.dir, "train.log", line, e);
}

acf_status acf_series_has_ended(bool *ended, const acf_series *s, int i, acf_error *e)
{
    acf_run_status status;
    ACF_TRY(acf_run_status_of(&status, &s->run[i], e));
    *ended =
        status.ended == acf_exit_code(ACF_OK) || status.ended == acf_exit_code(ACF_ERR_NUMERIC);
    return ACF_OK;
}

/* The directory of the first run but i that has begun; NULL: none has. */
static acf_status begun_sibling(const char **dir, const acf_series *s, int i, acf_error *e)
{
    *dir = NULL;
    for (int k = 0; k < s->n && *dir == NULL; k++) {
        bool begun;
        ACF_TRY(acf_path_holds(&begun, s->run[k].save.dir, "environment.json", e));
        if (begun && k != i) *dir = s->run[k].save.dir;
    }
    return ACF_OK;
}

acf_status acf_series_train(acf_str *summary, const acf_series *s, int i,
                            const acf_train_options *opt, acf_error *e)
{
    acf_train_options one = *opt;
    acf_run_status before = {.ended = ACF_RUN_OPEN};
    if (one.mode == ACF_RUN_RESUME && !opt->dry_run)
        ACF_TRY(acf_run_status_of(&before, &s->run[i], e));
    if (before.ended == acf_exit_code(ACF_OK)) {
        acf_log_info(&opt->log, "finished before");
        return ACF_OK;
    }
    if (before.ended == acf_exit_code(ACF_ERR_NUMERIC))
        return acf_fail(e, ACF_ERR_NUMERIC, "%s: has diverged; to run it again, remove it",
                        s->run[i].save.dir);
    if (!opt->dry_run || opt->mode == ACF_RUN_RESUME) /* else the old ones will go */
        ACF_TRY(begun_sibling(&one.sibling, s, i, e));
    acf_status st = acf_train(summary, &s->run[i], &one, e);
    return *s->name[i] == '\0' ? st : acf_context(st, e, "%s", s->name[i]);
}

acf_status acf_series_results(cJSON **out, const acf_series *s, int i, acf_error *e)
{
    acf_error why = {0};
    acf_status st =
        acf_json_read_in(out, s->run[i].save.dir, "eval_results.json", RESULTS_BYTES, &why);
    if (st == ACF_OK) return ACF_OK;
    return acf_fail(e, acf_reclass(st, ACF_ERR_RESOURCE, &why),
                    "%s; remove the run's directory to train it again", why.text);
}

/* The runs of a series that have figures, and those that diverged. */
typedef struct ended {
    const acf_series *s;
    int n, n_diverged;
    int *run, *diverged; /* [n], [n_diverged] of the series, in its order */
    cJSON **results;     /* [n]; NULL of a run without dev */
    double *x;           /* room for a figure of each */
} ended;

/* One figure of one head over all runs into x; false when a run does not have it. */
static bool collect(const ended *r, const char *head, const char *metric)
{
    for (int i = 0; i < r->n; i++) {
        const cJSON *figures = cJSON_GetObjectItemCaseSensitive(r->results[i], head);
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(figures, metric);
        if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble)) return false;
        r->x[i] = value->valuedouble;
    }
    return true;
}

/* The run with the best figure in x, the earliest on ties. */
static int best_of(const ended *r, acf_metric metric)
{
    bool larger = acf_metric_larger_is_better(metric);
    int best = 0;
    for (int i = 1; i < r->n; i++)
        if (larger ? r->x[i] > r->x[best] : r->x[i] < r->x[best]) best = i;
    return r->run[best];
}

static acf_sample sample_of(const ended *r)
{
    return acf_sample_of(r->x, (size_t)r->n, acf_series_folds(r->s->cfg));
}

static bool add_sample(cJSON *object, const ended *r, acf_metric metric)
{
    cJSON *c = cJSON_AddObjectToObject(object, acf_metric_name(metric));
    cJSON *values = cJSON_CreateDoubleArray(r->x, r->n); /* before they are sorted */
    const char *best = r->s->name[best_of(r, metric)];
    acf_sample f = sample_of(r);
    const double ci[2] = {f.low, f.high};
    bool ok = c != NULL && cJSON_AddNumberToObject(c, "mean", f.mean) != NULL;
    if (ok && r->n > 1)
        ok = cJSON_AddNumberToObject(c, "sd", f.sd) != NULL &&
             acf_json_put(c, "ci", cJSON_CreateDoubleArray(ci, 2));
    ok = ok && cJSON_AddNumberToObject(c, "median", f.median) != NULL &&
         cJSON_AddNumberToObject(c, "min", f.min) != NULL &&
         cJSON_AddNumberToObject(c, "max", f.max) != NULL;
    if (ok && acf_metric_compares(metric)) ok = cJSON_AddStringToObject(c, "best", best) != NULL;
    if (ok) return acf_json_put(c, "values", values);
    cJSON_Delete(values);
    return false;
}

static acf_status add_head(cJSON *c, const char *head, const ended *r, acf_error *e)
{
    cJSON *object = cJSON_AddObjectToObject(c, head);
    bool ok = object != NULL;
    for (int k = 0; ok && k < ACF_METRIC_COUNT; k++)
        if (collect(r, head, acf_metric_name((acf_metric)k)))
            ok = add_sample(object, r, (acf_metric)k);
    return acf_json_check(ok ? c : NULL, e);
}

/* The run with the best eval.metric of eval.head; -1: unknown. */
static int best_run(const ended *r)
{
    const acf_config *cfg = r->s->cfg;
    int metric = acf_metric_parse(cfg->eval.metric);
    if (metric < 0 || !collect(r, acf_head_name((acf_head)cfg->eval.head), cfg->eval.metric))
        return -1;
    return best_of(r, (acf_metric)metric);
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

static acf_status put_lines(acf_str *out, const ended *r, int best, acf_error *e)
{
    const acf_series *s = r->s;
    const char *metric = s->cfg->eval.metric;
    for (int h = ACF_HEAD_LINEAR; h <= ACF_HEAD_LABEL; h++) {
        const char *head = acf_head_name((acf_head)h);
        if (!collect(r, head, metric)) continue;
        acf_sample f = sample_of(r);
        ACF_TRY(acf_str_printf(out, e, "%s, %s head: mean %.4f", metric, head, f.mean));
        if (r->n > 1)
            ACF_TRY(acf_str_printf(out, e, ", sd %.4f  (95 %% interval of the mean %.4f to %.4f)",
                                   f.sd, f.low, f.high));
        ACF_TRY(acf_str_printf(out, e, ", median %.4f, from %.4f to %.4f, %d run%s\n", f.median,
                               f.min, f.max, r->n, r->n > 1 ? "s" : ""));
    }
    for (int i = 0; i < r->n_diverged; i++)
        ACF_TRY(acf_str_printf(out, e, "%s: diverged, left out\n", s->name[r->diverged[i]]));
    const char *chosen = acf_head_name((acf_head)s->cfg->eval.head);
    bool is_measured = false;
    for (int i = 0; i < r->n; i++)
        is_measured = is_measured || r->results[i] != NULL;
    if (best < 0 && !is_measured)
        return acf_str_printf(out, e, "no best run: no dev split was measured%s\n",
                              s->cfg->save.results_only ? "" : "; each run has its own best");
    if (best < 0)
        return acf_str_printf(out, e, "no best run: %s of the %s head is missing in one of them\n",
                              metric, chosen);
    bool has_model; /* save.results_only removes it */
    ACF_TRY(acf_str_printf(out, e, "best: %s (%s head)\n", s->name[best], chosen));
    ACF_TRY(acf_path_holds(&has_model, s->cfg->save.dir, "best", e));
    return has_model ? acf_str_printf(out, e, "model: %s/best\n", s->cfg->save.dir) : ACF_OK;
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

static bool add_names(cJSON *c, const char *key, const acf_series *s, const int *run, int n)
{
    cJSON *names = cJSON_AddArrayToObject(c, key);
    bool ok = names != NULL;
    for (int i = 0; ok && i < n; i++)
        ok = cJSON_AddItemToArray(names, cJSON_CreateString(s->name[run[i]]));
    return ok;
}

static acf_status summarize(acf_str *summary, const ended *r, acf_error *e)
{
    const acf_series *s = r->s;
    const char *head = acf_head_name((acf_head)s->cfg->eval.head);
    cJSON *c = cJSON_CreateObject();
    int best = best_run(r);
    bool ok = c != NULL && cJSON_AddStringToObject(c, "metric", s->cfg->eval.metric) != NULL &&
              cJSON_AddStringToObject(c, "head", head) != NULL &&
              cJSON_AddNumberToObject(c, "n", r->n) != NULL &&
              add_names(c, "runs", s, r->run, r->n);
    if (ok && r->n_diverged > 0) ok = add_names(c, "diverged", s, r->diverged, r->n_diverged);
    if (ok && best >= 0) ok = cJSON_AddStringToObject(c, "best", s->name[best]) != NULL;
    acf_status st = acf_json_check(ok ? c : NULL, e);
    for (int h = ACF_HEAD_LINEAR; h <= ACF_HEAD_LABEL && st == ACF_OK; h++)
        st = add_head(c, acf_head_name((acf_head)h), r, e);
    char *text = st == ACF_OK ? acf_json_print(c, true, e) : NULL;
    if (st == ACF_OK && text == NULL) st = ACF_ERR_RESOURCE;
    if (st == ACF_OK) st = write_summary(s, text, best, e);
    if (st == ACF_OK) st = put_lines(summary, r, best, e);
    acf_free(text);
    cJSON_Delete(c);
    return st;
}

static acf_status read_ended(ended *r, acf_error *e)
{
    for (int i = 0; i < r->s->n; i++) {
        acf_run_status status;
        ACF_TRY(acf_run_status_of(&status, &r->s->run[i], e));
        if (status.ended == acf_exit_code(ACF_ERR_NUMERIC)) {
            r->diverged[r->n_diverged++] = i;
            continue;
        }
        ACF_TRY(acf_series_results(&r->results[r->n], r->s, i, e));
        r->run[r->n++] = i;
    }
    return ACF_OK;
}

acf_status acf_series_finish(acf_str *summary, const acf_series *s, acf_error *e)
{
    size_t n = (size_t)s->n;
    ended r = {.s = s};
    if (!acf_series_wanted(s->cfg)) return ACF_OK;
    r.run = acf_alloc(n, sizeof *r.run, "runs", e);
    r.diverged = acf_alloc(n, sizeof *r.diverged, "runs", e);
    r.results = acf_alloc(n, sizeof(cJSON *), "results", e);
    r.x = acf_alloc(n, sizeof *r.x, "figures", e);
    bool ok = r.run != NULL && r.diverged != NULL && r.results != NULL && r.x != NULL;
    acf_status st = ok ? read_ended(&r, e) : ACF_ERR_RESOURCE;
    if (st == ACF_OK && r.n > 0) st = summarize(summary, &r, e);
    for (int i = 0; i < r.n; i++)
        cJSON_Delete(r.results[i]);
    acf_free(r.run);
    acf_free(r.diverged);
    acf_free(r.results);
    acf_free(r.x);
    return st;
}
