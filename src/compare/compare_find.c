#include "compare/compare_find.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "loss/head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESULTS_BYTES = 16 << 20, STATUS_BYTES = 1 << 16 };

char *acf_found_predictions(const char *dir, const char *split, acf_error *e)
{
    char name[64];
    (void)snprintf(name, sizeof name, "predictions.%s.tsv", split);
    return acf_path_join(dir, name, e);
}

static acf_status is_finished(bool *out, const char *dir, const char *split, acf_error *e)
{
    char *path = acf_found_predictions(dir, split, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    *out = acf_path_is_file(path);
    acf_free(path);
    return ACF_OK;
}

/* A directory as the next run of a task, whose copy of the path it becomes. */
static acf_status add_run(acf_found_task *t, const char *dir, int64_t number, acf_error *e)
{
    acf_found_run *grown = acf_grow(t->run, &t->cap, t->n + 1, sizeof *t->run, "runs", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    t->run = grown;
    t->run[t->n] = (acf_found_run){acf_strdup(dir, e), number};
    if (t->run[t->n].dir == NULL) return ACF_ERR_RESOURCE;
    t->n++;
    return ACF_OK;
}

/* Has the run there ended with NaN or infinity?  Without a status.json, or with one that is not
 * ours, nothing is known. */
static acf_status has_diverged(bool *out, const char *dir, acf_error *e)
{
    cJSON *c = NULL;
    acf_status st = acf_json_read_in(&c, dir, "status.json", STATUS_BYTES, e);
    const cJSON *ended = cJSON_GetObjectItemCaseSensitive(c, "ended");
    *out = cJSON_IsNumber(ended) && ended->valueint == acf_exit_code(ACF_ERR_NUMERIC);
    cJSON_Delete(c);
    return st == ACF_ERR_RESOURCE ? st : ACF_OK;
}

/* Note and tell a run that is not finished. */
static acf_status leave_out(acf_found *f, const char *dir, const char *split, const acf_log *log,
                            acf_error *e)
{
    acf_left_out left = {0};
    ACF_TRY(has_diverged(&left.is_diverged, dir, e));
    acf_left_out *grown = acf_grow(f->left, &f->left_cap, f->n_left + 1, sizeof *grown, "runs", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    f->left = grown;
    left.dir = acf_strdup(dir, e);
    if (left.dir == NULL) return ACF_ERR_RESOURCE;
    f->left[f->n_left++] = left;
    if (left.is_diverged)
        acf_log_warn(log, "%s: diverged, left out", dir);
    else
        acf_log_warn(log, "%s: no predictions.%s.tsv, left out (is the run finished?)", dir, split);
    return ACF_OK;
}

/* "seed-12", "fold-3" as kind and number. */
static bool parse_name(acf_found_kind *kind, int64_t *number, const char *name)
{
    char *end;
    if (strncmp(name, "seed-", 5) == 0)
        *kind = ACF_FOUND_SEEDS;
    else if (strncmp(name, "fold-", 5) == 0)
        *kind = ACF_FOUND_FOLDS;
    else
        return false;
    if (name[5] < '0' || name[5] > '9') return false;
    *number = strtoll(name + 5, &end, 10);
    return *end == '\0';
}

static int by_number(const void *a, const void *b)
{
    const acf_found_run *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static acf_status take_member(acf_found_task *t, bool *is_series, acf_found *f, const char *dir,
                              const char *name, const char *split, const acf_log *log, acf_error *e)
{
    acf_found_kind kind;
    int64_t number;
    bool finished;
    if (!parse_name(&kind, &number, name)) return ACF_OK;
    char *path = acf_path_join(dir, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    if (acf_path_is_dir(path)) {
        st = is_finished(&finished, path, split, e);
        if (st == ACF_OK && *is_series && kind != t->kind)
            st = acf_fail(e, ACF_ERR_MODEL, "%s: holds both seeds and folds: name the series", dir);
        t->kind = kind;
        *is_series = true;
        if (number > t->last) t->last = number;
        if (st == ACF_OK && finished)
            st = add_run(t, path, number, e);
        else if (st == ACF_OK)
            st = leave_out(f, path, split, log, e);
    }
    acf_free(path);
    return st;
}

/* A directory as a task: a run or a series, *is_any tells whether it is one.  Of a series whose
 * runs are not finished n stays 0. */
static acf_status scan(acf_found_task *t, bool *is_any, acf_found *f, const char *dir,
                       const char *split, const acf_log *log, acf_error *e)
{
    char **names;
    size_t n;
    bool is_series = false;
    ACF_TRY(is_finished(is_any, dir, split, e));
    if (*is_any) {
        t->kind = ACF_FOUND_RUN;
        return add_run(t, dir, 0, e);
    }
    ACF_TRY_AS(ACF_ERR_MODEL, acf_list_dir(&names, &n, dir, e), e);
    acf_status st = ACF_OK;
    for (size_t i = 0; i < n && st == ACF_OK; i++)
        st = take_member(t, &is_series, f, dir, names[i], split, log, e);
    acf_free_names(names, n);
    if (t->n > 1) qsort(t->run, t->n, sizeof *t->run, by_number);
    *is_any = is_series;
    return st;
}

static void close_task(acf_found_task *t)
{
    for (size_t i = 0; i < t->n; i++)
        acf_free(t->run[i].dir);
    acf_free(t->run);
    acf_free(t->name);
}

/* Take the task over, also on failure. */
static acf_status add_task(acf_found *f, acf_found_task *t, const char *name, acf_error *e)
{
    acf_found_task *grown = acf_grow(f->task, &f->cap, f->n + 1, sizeof *f->task, "tasks", e);
    if (grown != NULL) f->task = grown;
    t->name = grown != NULL ? acf_strdup(name, e) : NULL;
    if (t->name == NULL) {
        close_task(t);
        return ACF_ERR_RESOURCE;
    }
    f->task[f->n++] = *t;
    return ACF_OK;
}

static acf_status take_task(acf_found *f, const char *dir, const char *name, const char *split,
                            const acf_log *log, acf_error *e)
{
    acf_found_task t = {0};
    bool is_any;
    char *path = acf_path_join(dir, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    if (acf_path_is_dir(path)) {
        char *config = acf_path_join(path, "config.yaml", e);
        st = config == NULL ? ACF_ERR_RESOURCE : scan(&t, &is_any, f, path, split, log, e);
        if (st == ACF_OK && t.n > 0) {
            st = add_task(f, &t, name, e);
            t = (acf_found_task){0};
        } else if (st == ACF_OK && !is_any && acf_path_exists(config)) {
            st = leave_out(f, path, split, log, e);
        }
        acf_free(config);
    }
    close_task(&t);
    acf_free(path);
    return st;
}

static acf_status find_tasks(acf_found *f, const char *dir, const char *split, const acf_log *log,
                             acf_error *e)
{
    char **names;
    size_t n;
    ACF_TRY_AS(ACF_ERR_MODEL, acf_list_dir(&names, &n, dir, e), e);
    acf_status st = ACF_OK;
    f->has_tasks = true;
    for (size_t i = 0; i < n && st == ACF_OK; i++)
        if (names[i][0] != '.') st = take_task(f, dir, names[i], split, log, e);
    acf_free_names(names, n);
    return st;
}

acf_status acf_found_open(acf_found *f, const char *dir, const char *split, const acf_log *log,
                          acf_error *e)
{
    acf_found_task t = {0};
    bool is_any;
    *f = (acf_found){0};
    if (!acf_path_is_dir(dir)) return acf_fail(e, ACF_ERR_MODEL, "%s: no such run directory", dir);
    acf_status st = scan(&t, &is_any, f, dir, split, log, e);
    if (st == ACF_OK && t.n > 0) {
        st = add_task(f, &t, "", e);
        t = (acf_found_task){0};
    } else if (st == ACF_OK && !is_any) {
        st = find_tasks(f, dir, split, log, e);
    }
    close_task(&t);
    if (st == ACF_OK && f->n == 0)
        st = acf_fail(e, ACF_ERR_MODEL,
                      "%s: no predictions.%s.tsv here or below: no finished run%s", dir, split,
                      strcmp(split, "dev") == 0
                          ? " that had a dev split"
                          : "; acf-eval RUN --split test --predictions RUN/predictions.test.tsv "
                            "writes it");
    if (st != ACF_OK) acf_found_close(f);
    return st;
}

void acf_found_close(acf_found *f)
{
    for (size_t i = 0; i < f->n; i++)
        close_task(&f->task[i]);
    for (size_t i = 0; i < f->n_left; i++)
        acf_free(f->left[i].dir);
    acf_free(f->task);
    acf_free(f->left);
    *f = (acf_found){0};
}

static acf_status take_labels(acf_run_facts *facts, const cJSON *list, const char *path,
                              acf_error *e)
{
    const cJSON *item;
    size_t n = (size_t)cJSON_GetArraySize(list);
    if (list == NULL) return ACF_OK;
    facts->labels = acf_alloc(n, sizeof *facts->labels, "labels", e);
    if (facts->labels == NULL) return ACF_ERR_RESOURCE;
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item))
            return acf_fail(e, ACF_ERR_MODEL, "%s: 'labels' is no list of names", path);
        facts->labels[facts->K] = acf_strdup(item->valuestring, e);
        if (facts->labels[facts->K++] == NULL) return ACF_ERR_RESOURCE;
    }
    return ACF_OK;
}

static acf_status take_facts(acf_run_facts *facts, const cJSON *c, const char *path, acf_error *e)
{
    const char *metric, *head;
    acf_head parsed;
    ACF_TRY_AS(ACF_ERR_MODEL, acf_json_string(&metric, c, "metric", "", path, e), e);
    ACF_TRY_AS(ACF_ERR_MODEL, acf_json_string(&head, c, "head", "", path, e), e);
    facts->metric = acf_metric_parse(metric);
    if (acf_head_parse(&parsed, head)) facts->head = (int)parsed;
    return take_labels(facts, cJSON_GetObjectItemCaseSensitive(c, "labels"), path, e);
}

acf_status acf_run_facts_read(acf_run_facts *facts, const char *dir, acf_error *e)
{
    cJSON *c = NULL;
    *facts = (acf_run_facts){.metric = -1, .head = -1};
    char *path = acf_path_join(dir, "eval_results.json", e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    if (acf_path_exists(path)) {
        st = acf_reclass(acf_json_read(&c, path, RESULTS_BYTES, e), ACF_ERR_MODEL, e);
        if (st == ACF_OK) st = take_facts(facts, c, path, e);
    }
    cJSON_Delete(c);
    acf_free(path);
    if (st != ACF_OK) acf_run_facts_free(facts);
    return st;
}

void acf_run_facts_free(acf_run_facts *facts)
{
    for (size_t k = 0; k < facts->K; k++)
        acf_free(facts->labels[k]);
    acf_free(facts->labels);
    *facts = (acf_run_facts){.metric = -1, .head = -1};
}
