#include "cli/eval_work.h"

#include "base/json.h"
#include "base/mem.h"
#include "compare/compare_report.h"
#include "compare/results.h"
#include "loss/head.h"

/* What asks for a model's figures has no meaning here. */
static acf_status check_alone(const acf_eval_arguments *a, acf_error *e)
{
    const struct {
        const char *name;
        bool given;
    } other[] = {{"data", a->data != NULL},      {"set", a->sets.n > 0},
                 {"task", a->task != NULL},      {"predictions", a->predictions != NULL},
                 {"errors", a->errors != NULL},  {"glue-submission", a->submission != NULL},
                 {"assert", a->asserts.n > 0},   {"reject-at", a->reject_at > 0},
                 {"add-class", a->classes.n > 0}};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (other[i].given)
            return acf_fail(e, ACF_ERR_USAGE, "--%s is about a model, --%s about finished runs",
                            other[i].name, a->results ? "results" : "compare");
    return ACF_OK;
}

/* --metric; -1: not given. */
static acf_status choose_metric(int *metric, const acf_eval_arguments *a, acf_error *e)
{
    const char *meant = a->metric != NULL ? acf_metric_suggest(a->metric) : NULL;
    *metric = a->metric != NULL ? acf_metric_parse(a->metric) : -1;
    if (*metric >= 0 && !acf_metric_compares((acf_metric)*metric))
        return acf_fail(e, ACF_ERR_USAGE, "--metric: %s is neither better nor worse", a->metric);
    if (a->metric == NULL || *metric >= 0) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE, "--metric: '%s' is no metric%s%s%s", a->metric,
                    meant != NULL ? " (did you mean " : "", meant != NULL ? meant : "",
                    meant != NULL ? "?)" : "");
}

static acf_status choose(acf_compare_options *opt, const acf_eval_arguments *a, acf_error *e)
{
    opt->split = a->split == 2 ? "test" : "dev";
    opt->head = a->head - 1;
    opt->n_draws = a->draws > 0 ? (int)a->draws : ACF_PAIRED_DRAWS;
    return choose_metric(&opt->metric, a, e);
}

/* json is deleted. */
static acf_status put_json(acf_str *out, cJSON *json, acf_error *e)
{
    char *text = acf_json_print(json, false, e);
    acf_status st = text == NULL ? ACF_ERR_RESOURCE : acf_str_printf(out, e, "%s\n", text);
    acf_free(text);
    cJSON_Delete(json);
    return st;
}

acf_status acf_eval_compare(acf_str *out, const acf_eval_arguments *a, const acf_words *runs,
                            const acf_log *log, acf_error *e)
{
    acf_compare c;
    acf_compare_options opt = {.log = log};
    if (runs->n < 2)
        return acf_fail(e, ACF_ERR_USAGE, "--compare: needs two runs or more, got %s alone",
                        runs->item[0]);
    ACF_TRY(check_alone(a, e));
    ACF_TRY(choose(&opt, a, e));
    ACF_TRY(acf_compare_run(&c, runs->item, (int)runs->n, &opt, e));
    cJSON *json = NULL;
    acf_status st = a->json ? acf_compare_json(&json, &c, e) : acf_compare_text(out, &c, e);
    if (json != NULL) st = put_json(out, json, e);
    acf_compare_close(&c);
    return st;
}

acf_status acf_eval_results(acf_str *out, const acf_eval_arguments *a, const acf_words *files,
                            acf_error *e)
{
    acf_results r;
    acf_results_options opt = {
        .head = a->head - 1, .baseline = a->baseline, .sweep = a->sweep, .tasks = a->tasks};
    ACF_TRY(check_alone(a, e));
    if (a->split > 0) return acf_fail(e, ACF_ERR_USAGE, "--split: result lines are of dev alone");
    ACF_TRY(choose_metric(&opt.metric, a, e));
    opt.n_draws = a->draws > 0 ? (int)a->draws : ACF_PAIRED_DRAWS;
    ACF_TRY(acf_results_open(&r, files->item, files->n, &opt, e));
    cJSON *json = NULL;
    acf_status st = a->json ? acf_results_json(&json, &r, e) : acf_results_markdown(out, &r, e);
    if (json != NULL) st = put_json(out, json, e);
    acf_results_close(&r);
    return st;
}
