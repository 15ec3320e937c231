#include "compare/compare_report.h"

#include "base/json.h"
#include "loss/head.h"

#include <math.h>

/* {"ci", "p"} as a member. */
static bool add_test(cJSON *c, const char *key, acf_ci ci, double p)
{
    if (isnan(p)) return true;
    cJSON *test = cJSON_AddObjectToObject(c, key);
    return test != NULL && acf_json_put_pair(test, "ci", ci.low, ci.high) &&
           acf_json_put_number(test, "p", p);
}

static bool add_mcnemar(cJSON *c, const acf_paired_test *t)
{
    if (!t->has_mcnemar) return true;
    cJSON *test = cJSON_AddObjectToObject(c, "mcnemar");
    return test != NULL && acf_json_put_number(test, "only_first", (double)t->only[0]) &&
           acf_json_put_number(test, "only_second", (double)t->only[1]) &&
           acf_json_put_number(test, "p", t->mcnemar_p);
}

static bool add_values(cJSON *c, const acf_compare_row *row)
{
    cJSON *values = cJSON_AddArrayToObject(c, "values");
    for (size_t i = 0; values != NULL && i < row->n_parts; i++) {
        cJSON *v = acf_json_append(values);
        bool ok = v != NULL;
        if (ok && row->kind != ACF_FOUND_RUN)
            ok = acf_json_put_number(v, "number", (double)row->number[i]);
        if (!ok || !acf_json_put_number(v, "n", (double)row->n[i]) ||
            !acf_json_put_number(v, "first", row->figure[0][i]) ||
            !acf_json_put_number(v, "second", row->figure[1][i]))
            return false;
    }
    return values != NULL;
}

/* Whose answers were compared; null: the run does not note it. */
static bool add_heads(cJSON *c, const acf_compare_row *row)
{
    cJSON *heads = cJSON_AddArrayToObject(c, "heads");
    for (int k = 0; heads != NULL && k < 2; k++) {
        cJSON *name = row->head[k] < 0 ? cJSON_CreateNull()
                                       : cJSON_CreateString(acf_head_name((acf_head)row->head[k]));
        if (name == NULL || !cJSON_AddItemToArray(heads, name)) {
            cJSON_Delete(name);
            return false;
        }
    }
    return heads != NULL;
}

static bool add_row(cJSON *c, const acf_compare_row *row)
{
    static const char *const kind[] = {"run", "seeds", "folds"};
    const acf_paired_test *t = &row->test;
    return cJSON_AddStringToObject(c, "metric", acf_metric_name(row->metric)) != NULL &&
           add_heads(c, row) && cJSON_AddStringToObject(c, "parts", kind[row->kind]) != NULL &&
           cJSON_AddBoolToObject(c, "same_examples", row->is_crossed) != NULL &&
           acf_json_put_pair(c, "mean", t->mean[0], t->mean[1]) &&
           acf_json_put_number(c, "difference", t->difference) &&
           acf_json_put_pair_or_null(c, "ci", t->ci.low, t->ci.high) &&
           add_test(c, "bootstrap", t->bootstrap_ci, t->bootstrap_p) && add_mcnemar(c, t) &&
           add_test(c, "randomization", (acf_ci){NAN, NAN}, t->randomization_p) &&
           add_test(c, "student", t->student_ci, t->student_p) && add_values(c, row);
}

/* p, p_holm and which is better. */
static bool add_verdict(cJSON *c, const acf_compare *all, const acf_compare_pair *pair, int better,
                        double p, double p_holm)
{
    if (!acf_json_put_number_or_null(c, "p", p) ||
        !acf_json_put_number_or_null(c, "p_holm", p_holm))
        return false;
    if (better < 0) return cJSON_AddNullToObject(c, "verdict") != NULL;
    return cJSON_AddStringToObject(c, "verdict", all->path[pair->run[better]]) != NULL;
}

static bool add_wilcoxon(cJSON *c, const acf_gains *g)
{
    const acf_wilcoxon *w = &g->wilcoxon;
    if (g->n_tasks == 1 || g->is_mixed) return true;
    cJSON *test = cJSON_AddObjectToObject(c, "wilcoxon");
    return test != NULL && acf_json_put_number(test, "n", (double)w->n) &&
           acf_json_put_number(test, "plus", w->plus) &&
           acf_json_put_number(test, "minus", w->minus) &&
           cJSON_AddStringToObject(test, "method", w->is_exact ? "exact" : "normal") != NULL &&
           acf_json_put_number(test, "p", w->p);
}

static bool add_tasks(cJSON *c, const acf_compare *all, const acf_compare_pair *pair)
{
    const acf_gains *g = &pair->gains;
    bool ok = acf_json_put_number_or_null(c, "gain", pair->gain) &&
              acf_json_put_pair_or_null(c, "ci", pair->ci.low, pair->ci.high) &&
              add_test(c, "bootstrap", (acf_ci){NAN, NAN}, g->bootstrap_p) &&
              acf_json_put_number(c, "wins", (double)g->wins) &&
              acf_json_put_number(c, "ties", (double)g->ties) &&
              acf_json_put_number(c, "losses", (double)g->losses) && add_wilcoxon(c, g);
    cJSON *tasks = ok ? cJSON_AddArrayToObject(c, "tasks") : NULL;
    for (size_t i = 0; tasks != NULL && i < pair->n_rows; i++) {
        const acf_compare_row *row = &pair->row[i];
        cJSON *task = acf_json_append(tasks);
        if (task == NULL || cJSON_AddStringToObject(task, "task", row->task) == NULL ||
            !add_verdict(task, all, pair, acf_compare_verdict_of_row(row), row->test.p,
                         row->p_holm) ||
            !add_row(task, row))
            return false;
    }
    return tasks != NULL;
}

static bool add_pairs(cJSON *c, const acf_compare *all)
{
    cJSON *pairs = cJSON_AddArrayToObject(c, "pairs");
    for (size_t i = 0; pairs != NULL && i < all->n_pairs; i++) {
        const acf_compare_pair *pair = &all->pair[i];
        cJSON *p = acf_json_append(pairs);
        if (p == NULL || cJSON_AddStringToObject(p, "first", all->path[pair->run[0]]) == NULL ||
            cJSON_AddStringToObject(p, "second", all->path[pair->run[1]]) == NULL ||
            !add_verdict(p, all, pair, acf_compare_verdict(pair), pair->p, pair->p_holm) ||
            !(all->has_tasks ? add_tasks(p, all, pair) : add_row(p, &pair->row[0])))
            return false;
    }
    return pairs != NULL;
}

/* The runs that were found unfinished. */
static bool add_left_out(cJSON *c, const acf_compare *all)
{
    cJSON *list = cJSON_AddArrayToObject(c, "left_out");
    for (int k = 0; list != NULL && k < all->n_runs; k++)
        for (size_t i = 0; i < all->found[k].n_left; i++) {
            const acf_left_out *left = &all->found[k].left[i];
            cJSON *item = acf_json_append(list);
            if (item == NULL || cJSON_AddStringToObject(item, "run", left->dir) == NULL ||
                cJSON_AddStringToObject(item, "why",
                                        left->is_diverged ? "diverged" : "unfinished") == NULL)
                return false;
        }
    return list != NULL;
}

acf_status acf_compare_json(cJSON **out, const acf_compare *c, acf_error *e)
{
    cJSON *json = *out = cJSON_CreateObject();
    bool ok = json != NULL && cJSON_AddStringToObject(json, "split", c->opt.split) != NULL;
    if (ok && c->opt.head >= 0)
        ok = cJSON_AddStringToObject(json, "head", acf_head_name((acf_head)c->opt.head)) != NULL;
    ok = ok && acf_json_put_number(json, "draws", c->opt.n_draws) &&
         acf_json_put_number(json, "alpha", ACF_COMPARE_ALPHA) &&
         acf_json_put(json, "runs", cJSON_CreateStringArray(c->path, c->n_runs)) &&
         add_left_out(json, c) && add_pairs(json, c);
    if (ok) return ACF_OK;
    cJSON_Delete(json);
    *out = NULL;
    return acf_json_check(NULL, e);
}
