#include "compare/results.h"

#include "base/cstring.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "loss/head.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MAX_RESULTS_BYTES ((size_t)1 << 30)

/* Place of a name, which is added when it is new; -1: no memory. */
static int place_of(char ***list, size_t *n, size_t *cap, const char *name, acf_error *e)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp((*list)[i], name) == 0) return (int)i;
    char **grown = acf_grow(*list, cap, *n + 1, sizeof **list, "names", e);
    if (grown == NULL) return -1;
    *list = grown;
    grown[*n] = acf_strdup(name, e);
    return grown[*n] == NULL ? -1 : (int)(*n)++;
}

/* The task of a line, by one metric in all lines. */
static acf_status take_task(int *task, acf_results *r, const char *name, acf_metric metric,
                            const char *place, acf_error *e)
{
    size_t before = r->n_tasks;
    acf_metric *grown = acf_grow(r->metric, &r->metric_cap, before + 1, sizeof *grown, "tasks", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    r->metric = grown;
    *task = place_of(&r->task, &r->n_tasks, &r->task_cap, name, e);
    if (*task < 0) return ACF_ERR_RESOURCE;
    if (r->n_tasks > before) r->metric[*task] = metric;
    if (r->metric[*task] == metric) return ACF_OK;
    return acf_fail(e, ACF_ERR_DATA,
                    "%s: task '%s' by %s, earlier lines have it by %s; choose one "
                    "(--metric)",
                    place, name, acf_metric_name(metric), acf_metric_name(r->metric[*task]));
}

/* The line's figure. */
static acf_status read_value(acf_result *line, acf_metric *metric, const cJSON *c,
                             const acf_results_options *opt, const char *place, acf_error *e)
{
    const char *text, *head;
    int64_t ended;
    acf_head parsed;
    ACF_TRY(acf_json_int(&ended, c, "ended", 0, 255, 0, place, e));
    ACF_TRY(acf_json_string(&text, c, "metric", "", place, e));
    ACF_TRY(acf_json_string(&head, c, "head", "linear", place, e));
    if (opt->head >= 0) head = acf_head_name((acf_head)opt->head);
    line->head = acf_head_parse(&parsed, head) ? (int)parsed : -1;
    int known = opt->metric >= 0 ? opt->metric : acf_metric_parse(text);
    if (known < 0)
        return acf_fail(e, ACF_ERR_DATA, "%s: 'metric' is '%s', which is no metric", place, text);
    *metric = (acf_metric)known;
    line->value = (double)NAN;
    line->is_diverged = ended != 0;
    if (line->is_diverged) return ACF_OK;
    const cJSON *figures = cJSON_GetObjectItemCaseSensitive(c, head);
    return acf_json_number(&line->value, figures, acf_metric_name(*metric), -DBL_MAX, DBL_MAX,
                           (double)NAN, place, e);
}

/* Runs of one seed, and fold if any, are compared with each other. */
static bool is_same_part(const acf_result *a, const acf_result *b)
{
    return a->seed == b->seed && a->fold == b->fold;
}

/* The earlier line of the same run; NULL: none. */
static const acf_result *find_line(const acf_results *r, const acf_result *line)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->line[i].task == line->task && r->line[i].variant == line->variant &&
            is_same_part(&r->line[i], line))
            return &r->line[i];
    return NULL;
}

static bool is_same_figure(const acf_result *a, const acf_result *b)
{
    return a->is_diverged == b->is_diverged &&
           (a->value == b->value || (isnan(a->value) && isnan(b->value)));
}

static acf_status read_folds(acf_result *line, const cJSON *c, const char *place, acf_error *e)
{
    int64_t n = 0;
    const cJSON *settings = cJSON_GetObjectItemCaseSensitive(c, "settings");
    ACF_TRY(acf_json_int(&line->fold, c, "fold", 1, INT32_MAX, 0, place, e));
    if (line->fold > 0)
        ACF_TRY(acf_json_int(&n, settings, "data.folds", 2, INT32_MAX, 0, place, e));
    line->n_folds = (int)n;
    return ACF_OK;
}

static acf_status read_line(acf_results *r, const cJSON *c, const acf_results_options *opt,
                            const char *place, acf_error *e)
{
    const char *task, *variant, *sweep;
    acf_result line = {0};
    acf_metric metric = ACF_METRIC_ACCURACY;
    ACF_TRY(acf_json_string(&sweep, c, "sweep", "", place, e));
    if (opt->sweep != NULL && strcmp(sweep, opt->sweep) != 0) {
        r->n_left++;
        int place_there = place_of(&r->other, &r->n_others, &r->other_cap, sweep, e);
        return place_there < 0 ? ACF_ERR_RESOURCE : ACF_OK;
    }
    ACF_TRY(acf_json_string(&task, c, "task", "", place, e));
    ACF_TRY(acf_json_string(&variant, c, "variant", "", place, e));
    ACF_TRY(acf_json_int(&line.seed, c, "seed", 0, INT64_C(1) << 53, -1, place, e));
    if (task[0] == '\0' || variant[0] == '\0' || line.seed < 0)
        return acf_fail(e, ACF_ERR_DATA,
                        "%s: is no result line: 'variant', 'task' and 'seed' are "
                        "needed",
                        place);
    if (opt->tasks != NULL && !acf_list_has(opt->tasks, task, strlen(task))) {
        int place_there = place_of(&r->skipped, &r->n_skipped, &r->skipped_cap, task, e);
        return place_there < 0 ? ACF_ERR_RESOURCE : ACF_OK;
    }
    ACF_TRY(read_folds(&line, c, place, e));
    ACF_TRY(read_value(&line, &metric, c, opt, place, e));
    ACF_TRY(take_task(&line.task, r, task, metric, place, e));
    line.variant = place_of(&r->variant, &r->n_variants, &r->variant_cap, variant, e);
    if (line.variant < 0) return ACF_ERR_RESOURCE;
    const acf_result *before = find_line(r, &line);
    if (before != NULL && is_same_figure(before, &line)) return ACF_OK; /* said twice */
    if (before != NULL)
        return acf_fail(e, ACF_ERR_DATA,
                        "%s: '%s' on '%s' with %s %lld has another figure in an earlier "
                        "line; --sweep NAME takes the lines of one sweep",
                        place, variant, task, line.fold > 0 ? "fold" : "seed",
                        (long long)(line.fold > 0 ? line.fold : line.seed));
    acf_result *grown = acf_grow(r->line, &r->line_cap, r->n + 1, sizeof *grown, "results", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    r->line = grown;
    grown[r->n++] = line;
    return ACF_OK;
}

static bool is_blank(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return at == end;
}

static acf_status read_file(acf_results *r, const char *path, const acf_results_options *opt,
                            acf_error *e)
{
    char *data;
    size_t len;
    acf_str place = {0};
    ACF_TRY_AS(ACF_ERR_DATA, acf_read_file(&data, &len, path, MAX_RESULTS_BYTES, e), e);
    acf_status st = ACF_OK;
    size_t number = 0;
    for (char *at = data, *end; at < data + len && st == ACF_OK; at = end + 1) {
        end = memchr(at, '\n', (size_t)(data + len - at));
        if (end == NULL) end = data + len;
        number++;
        if (is_blank(at, end)) continue;
        cJSON *c = NULL;
        acf_str_clear(&place);
        st = acf_str_printf(&place, e, "%s: line %zu", path, number);
        if (st == ACF_OK) st = acf_json_parse(&c, at, (size_t)(end - at), place.data, e);
        if (st == ACF_ERR_FORMAT) /* the parser knows no line but its own */
            st = acf_fail(e, ACF_ERR_DATA, "%s: malformed JSON", place.data);
        if (st == ACF_OK) st = read_line(r, c, opt, place.data, e);
        cJSON_Delete(c);
    }
    acf_str_free(&place);
    acf_free(data);
    return acf_reclass(st, ACF_ERR_DATA, e);
}

/* Of so many folds the lines of a variant on a task are, as they tell or as the last one shows; 0:
 * of none, or of one fold with several seeds. */
static int folds_of(const acf_results *r, int task, int variant)
{
    int64_t n = 0, first = INT64_MAX, last = 0;
    for (size_t i = 0; i < r->n; i++) {
        const acf_result *line = &r->line[i];
        if (line->task != task || line->variant != variant) continue;
        if (line->n_folds > n) n = line->n_folds;
        if (line->fold < first) first = line->fold;
        if (line->fold > last) last = line->fold;
    }
    return first < last ? (int)(n > last ? n : last) : 0;
}

/* Values of a cell by their lines; x has room for all. */
static void fill_cell(acf_results *r, int task, int variant, double *x)
{
    acf_result_cell *cell = &r->cell[(size_t)task * r->n_variants + (size_t)variant];
    for (size_t i = 0; i < r->n; i++) {
        const acf_result *line = &r->line[i];
        if (line->task != task || line->variant != variant) continue;
        cell->n_diverged += line->is_diverged;
        cell->n_undefined += !line->is_diverged && isnan(line->value);
        if (!isnan(line->value)) x[cell->n++] = line->value;
    }
    if (cell->n > 0) cell->sample = acf_sample_of(x, (size_t)cell->n, folds_of(r, task, variant));
}

/* Differences to the baseline over the seeds that both have on one task, into x; how many.  What is
 * left of either is noted in the variant's cell. */
static size_t differences(double *x, acf_results *r, int task, int variant)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        const acf_result *a = &r->line[i];
        if (a->task != task || a->variant != variant || isnan(a->value)) continue;
        for (size_t k = 0; k < r->n; k++) {
            const acf_result *b = &r->line[k];
            if (b->task == task && b->variant == r->baseline && is_same_part(a, b) &&
                !isnan(b->value))
                x[n++] = a->value - b->value;
        }
    }
    acf_result_cell *cell = &r->cell[(size_t)task * r->n_variants];
    cell[variant].n_alone = cell[variant].n + cell[r->baseline].n - 2 * (int)n;
    return n;
}

/* x [n lines] and parts [n_tasks] are scratch. */
static acf_status fill_gain(acf_results *r, int variant, double *x, acf_task_parts *parts,
                            int n_draws, acf_error *e)
{
    acf_result_gain *g = &r->gain[variant];
    size_t n_tasks = 0;
    int n_folds = 0;
    for (size_t task = 0; task < r->n_tasks; task++) {
        size_t n = differences(x, r, (int)task, variant);
        bool larger = acf_metric_larger_is_better(r->metric[task]);
        if (n == 0) continue;
        parts[n_tasks++] = (acf_task_parts){x, n, larger};
        n_folds = folds_of(r, (int)task, variant);
        g->is_share = larger;
        x += n;
    }
    return acf_gains_of(&g->gains, parts, n_tasks, n_folds, n_draws, e);
}

/* Holm's correction over the variants that have a test. */
static acf_status correct(acf_results *r, acf_error *e)
{
    double *p = acf_alloc(r->n_variants, sizeof *p, "tests", e);
    double *holm = acf_alloc(r->n_variants, sizeof *holm, "tests", e);
    acf_status st = p == NULL || holm == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    for (size_t v = 0; v < r->n_variants && st == ACF_OK; v++)
        p[v] = (int)v == r->baseline ? (double)NAN : r->gain[v].gains.p;
    if (st == ACF_OK) st = acf_holm(holm, p, r->n_variants, e);
    for (size_t v = 0; v < r->n_variants && st == ACF_OK; v++)
        r->gain[v].p_holm = holm[v];
    acf_free(p);
    acf_free(holm);
    return st;
}

/* "'a', 'b'" behind what is there, at most a few. */
static acf_status put_names(acf_str *out, char *const *name, size_t n, acf_error *e)
{
    enum { SHOWN = 20 };
    for (size_t i = 0; i < n && i < SHOWN; i++)
        ACF_TRY(acf_str_printf(out, e, "%s'%s'", out->len > 0 ? ", " : "", name[i]));
    return n > SHOWN ? acf_str_puts(out, ", ...", e) : ACF_OK;
}

/* Is there a line of each task that is asked for?  Without any line check_lines tells. */
static acf_status check_tasks(const acf_results *r, const char *list, acf_error *e)
{
    acf_str names = {0};
    size_t len = 0;
    if (list == NULL || r->n_tasks + r->n_skipped == 0) return ACF_OK;
    const char *unknown = acf_list_unknown(&len, list, (const char *const *)r->task, r->n_tasks);
    if (unknown == NULL) return ACF_OK;
    acf_status st = put_names(&names, r->task, r->n_tasks, e);
    if (st == ACF_OK) st = put_names(&names, r->skipped, r->n_skipped, e);
    if (st == ACF_OK)
        st = acf_fail(e, ACF_ERR_USAGE, "--tasks: no line is of a task '%.*s'; they are of %s",
                      len < 60 ? (int)len : 60, unknown, names.data);
    acf_str_free(&names);
    return st;
}

/* Is there a line of the sweep that is asked for?  Else those that there are, a few of them. */
static acf_status check_lines(const acf_results *r, const char *sweep, acf_error *e)
{
    acf_str names = {0};
    if (r->n > 0) return ACF_OK;
    if (r->n_left == 0)
        return acf_fail(e, ACF_ERR_DATA, "--results: the files hold no result line");
    acf_status st = put_names(&names, r->other, r->n_others, e);
    if (st == ACF_OK)
        st = acf_fail(e, ACF_ERR_USAGE,
                      "--sweep: none of the %zu lines is of sweep '%s'; they are of %s", r->n_left,
                      sweep, names.data);
    acf_str_free(&names);
    return st;
}

static acf_status find_baseline(acf_results *r, const char *name, acf_error *e)
{
    for (size_t i = 0; name != NULL && i < r->n_variants; i++)
        if (strcmp(r->variant[i], name) == 0) {
            r->baseline = (int)i;
            return ACF_OK;
        }
    if (name == NULL) return ACF_OK; /* the first */
    return acf_fail(e, ACF_ERR_USAGE, "--baseline: no line is of a variant '%s'; the first is '%s'",
                    name, r->variant[0]);
}

/* Is there anything to show?  Runs that diverged are. */
static acf_status check_figures(const acf_results *r, const acf_results_options *opt, acf_error *e)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->line[i].is_diverged || !isnan(r->line[i].value)) return ACF_OK;
    return acf_fail(e, ACF_ERR_DATA, "--results: no line has the figure that is asked for: %s%s%s",
                    acf_metric_name(r->metric[0]), opt->head >= 0 ? " of the head " : "",
                    opt->head >= 0 ? acf_head_name((acf_head)opt->head) : "");
}

static acf_status fill(acf_results *r, const acf_results_options *opt, acf_error *e)
{
    ACF_TRY(check_tasks(r, opt->tasks, e));
    ACF_TRY(check_lines(r, opt->sweep, e));
    ACF_TRY(find_baseline(r, opt->baseline, e));
    ACF_TRY(check_figures(r, opt, e));
    acf_status st = ACF_ERR_RESOURCE;
    double *x = acf_alloc(r->n, sizeof *x, "figures", e);
    acf_task_parts *parts = acf_alloc(r->n_tasks, sizeof *parts, "gains", e);
    r->cell = acf_alloc(r->n_tasks * r->n_variants, sizeof *r->cell, "figures", e);
    r->gain = acf_alloc(r->n_variants, sizeof *r->gain, "gains", e);
    if (x == NULL || parts == NULL || r->cell == NULL || r->gain == NULL) goto done;
    st = ACF_OK;
    for (size_t task = 0; task < r->n_tasks; task++)
        for (size_t variant = 0; variant < r->n_variants; variant++)
            fill_cell(r, (int)task, (int)variant, x);
    for (size_t variant = 0; variant < r->n_variants && st == ACF_OK; variant++)
        if ((int)variant != r->baseline) st = fill_gain(r, (int)variant, x, parts, opt->n_draws, e);
    if (st == ACF_OK) st = correct(r, e);
done:
    acf_free(x);
    acf_free(parts);
    return st;
}

/* A file of lines, or the directory of a sweep, which holds one. */
static acf_status read_path(acf_results *r, const char *path, const acf_results_options *opt,
                            acf_error *e)
{
    if (!acf_path_is_dir(path)) return read_file(r, path, opt, e);
    char *inside = acf_path_join(path, "results.jsonl", e);
    acf_status st = inside == NULL ? ACF_ERR_RESOURCE : read_file(r, inside, opt, e);
    acf_free(inside);
    return st;
}

acf_status acf_results_open(acf_results *r, const char *const *path, size_t n_paths,
                            const acf_results_options *opt, acf_error *e)
{
    *r = (acf_results){0};
    acf_status st = ACF_OK;
    for (size_t i = 0; i < n_paths && st == ACF_OK; i++)
        st = read_path(r, path[i], opt, e);
    if (st == ACF_OK) st = fill(r, opt, e);
    if (st != ACF_OK) acf_results_close(r);
    return st;
}

void acf_results_close(acf_results *r)
{
    for (size_t i = 0; i < r->n_tasks; i++)
        acf_free(r->task[i]);
    for (size_t i = 0; i < r->n_variants; i++)
        acf_free(r->variant[i]);
    acf_free_names(r->other, r->n_others);
    acf_free_names(r->skipped, r->n_skipped);
    acf_free(r->task);
    acf_free(r->variant);
    acf_free(r->metric);
    acf_free(r->line);
    acf_free(r->cell);
    acf_free(r->gain);
    *r = (acf_results){0};
}
