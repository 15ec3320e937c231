#include "compare/results.h"

#include "base/json.h"
#include "compare/compare.h"
#include "loss/head.h"

#include <math.h>
#include <stdio.h>

static const acf_result_cell *cell_of(const acf_results *r, size_t task, size_t variant)
{
    return &r->cell[task * r->n_variants + variant];
}

const char *acf_results_head(const acf_results *r, size_t variant)
{
    int head = -1;
    for (size_t i = 0; i < r->n; i++) {
        const acf_result *line = &r->line[i];
        if (line->variant != (int)variant) continue;
        if (line->head < 0 || (head >= 0 && line->head != head)) return "mixed";
        head = line->head;
    }
    return acf_head_name((acf_head)head);
}

/* Variant of the best mean on a task of those of which no run diverged; -1: none. */
static int best_of(const acf_results *r, size_t task)
{
    int best = -1;
    bool larger = acf_metric_larger_is_better(r->metric[task]);
    for (size_t v = 0; v < r->n_variants; v++) {
        const acf_result_cell *c = cell_of(r, task, v);
        if (c->n == 0 || c->n_diverged > 0) continue;
        double lead = best < 0 ? 1 : c->sample.mean - cell_of(r, task, (size_t)best)->sample.mean;
        if (best < 0 || (larger ? lead > 0 : lead < 0)) best = (int)v;
    }
    return best;
}

/* Mean over the tasks that every variant has and of whose metric more is better, n of them; NaN
 * when there are none.  n_diverged: runs that it lacks. */
static double mean_of(const acf_results *r, size_t variant, size_t *n, int *n_diverged)
{
    double sum = 0;
    *n = 0;
    *n_diverged = 0;
    for (size_t task = 0; task < r->n_tasks; task++) {
        bool all = acf_metric_larger_is_better(r->metric[task]);
        for (size_t v = 0; v < r->n_variants; v++)
            all = all && cell_of(r, task, v)->n > 0;
        if (!all) continue;
        sum += cell_of(r, task, variant)->sample.mean;
        *n_diverged += cell_of(r, task, variant)->n_diverged;
        (*n)++;
    }
    return *n > 0 ? sum / (double)*n : (double)NAN;
}

static acf_status put_cell(acf_str *out, const acf_result_cell *c, bool percent, bool is_best,
                           acf_error *e)
{
    const char *bold = is_best ? "**" : "";
    double scale = percent ? 100 : 1;
    int digits = percent ? 1 : 4;
    if (c->n == 0)
        return acf_str_puts(out,
                            c->n_diverged > 0    ? " diverged |"
                            : c->n_undefined > 0 ? " undefined |"
                                                 : " - |",
                            e);
    ACF_TRY(acf_str_printf(out, e, " %s%.*f%s", bold, digits, scale * c->sample.mean, bold));
    if (c->n > 1) ACF_TRY(acf_str_printf(out, e, " ± %.*f", digits, scale * c->sample.sd));
    if (c->n_diverged > 0) ACF_TRY(acf_str_printf(out, e, " (%d diverged)", c->n_diverged));
    if (c->n_undefined > 0) ACF_TRY(acf_str_printf(out, e, " (%d undefined)", c->n_undefined));
    return acf_str_puts(out, " |", e);
}

static acf_status put_means(acf_str *out, const acf_results *r, acf_error *e)
{
    size_t n;
    int lacks;
    (void)mean_of(r, 0, &n, &lacks);
    if (n < 2) return ACF_OK;
    ACF_TRY(acf_str_printf(out, e, "| mean of %zu | | |", n));
    for (size_t v = 0; v < r->n_variants; v++) {
        ACF_TRY(acf_str_printf(out, e, " %.2f", 100 * mean_of(r, v, &n, &lacks)));
        if (lacks > 0) ACF_TRY(acf_str_printf(out, e, " (%d diverged)", lacks));
        ACF_TRY(acf_str_puts(out, " |", e));
    }
    return acf_str_puts(out, "\n", e);
}

static acf_status put_figures(acf_str *out, const acf_results *r, acf_error *e)
{
    ACF_TRY(acf_str_puts(out, "| task | metric | seeds |", e));
    for (size_t v = 0; v < r->n_variants; v++)
        ACF_TRY(acf_str_printf(out, e, " %s |", r->variant[v]));
    ACF_TRY(acf_str_puts(out, "\n|---|---|---|", e));
    for (size_t v = 0; v < r->n_variants; v++)
        ACF_TRY(acf_str_puts(out, "---|", e));
    ACF_TRY(acf_str_puts(out, "\n", e));
    for (size_t task = 0; task < r->n_tasks; task++) {
        int least = -1, most = 0, best = best_of(r, task);
        for (size_t v = 0; v < r->n_variants; v++) {
            const acf_result_cell *c = cell_of(r, task, v);
            int n = c->n + c->n_diverged + c->n_undefined;
            if (least < 0 || n < least) least = n;
            if (n > most) most = n;
        }
        ACF_TRY(
            acf_str_printf(out, e, "| %s | %s |", r->task[task], acf_metric_name(r->metric[task])));
        ACF_TRY(least == most ? acf_str_printf(out, e, " %d |", most)
                              : acf_str_printf(out, e, " %d to %d |", least, most));
        for (size_t v = 0; v < r->n_variants; v++)
            ACF_TRY(put_cell(out, cell_of(r, task, v), acf_metric_larger_is_better(r->metric[task]),
                             best == (int)v, e));
        ACF_TRY(acf_str_puts(out, "\n", e));
    }
    ACF_TRY(put_means(out, r, e));
    ACF_TRY(acf_str_puts(out, "| head | | |", e));
    for (size_t v = 0; v < r->n_variants; v++)
        ACF_TRY(acf_str_printf(out, e, " %s |", acf_results_head(r, v)));
    return acf_str_puts(out, "\n", e);
}

static acf_status put_chance(acf_str *out, double p, acf_error *e)
{
    if (isnan(p)) return acf_str_puts(out, " - |", e);
    return acf_str_printf(out, e, p < 0.0001 ? " <0.0001 |" : " %.4f |", p);
}

static acf_status put_gain(acf_str *out, const acf_result_gain *g, acf_error *e)
{
    double scale = g->is_share ? 100 : 1;
    int digits = g->is_share ? 2 : 4;
    const acf_gains *all = &g->gains;
    ACF_TRY(isnan(all->gain) ? acf_str_puts(out, " - |", e)
                             : acf_str_printf(out, e, " %+.*f |", digits, scale * all->gain));
    ACF_TRY(isnan(all->ci.low) ? acf_str_puts(out, " - |", e)
                               : acf_str_printf(out, e, " %+.*f to %+.*f |", digits,
                                                scale * all->ci.low, digits, scale * all->ci.high));
    ACF_TRY(acf_str_printf(out, e, " %zu, %zu, %zu |", all->wins, all->ties, all->losses));
    ACF_TRY(put_chance(out, all->p, e));
    ACF_TRY(put_chance(out, g->p_holm, e));
    return acf_str_puts(out, "\n", e);
}

static acf_status put_gains(acf_str *out, const acf_results *r, acf_error *e)
{
    ACF_TRY(
        acf_str_printf(out, e,
                       "\n| over %s | tasks | mean gain | 95 %% interval | wins, ties, losses | "
                       "p | Holm |\n|---|---|---|---|---|---|---|\n",
                       r->variant[r->baseline]));
    for (size_t v = 0; v < r->n_variants; v++) {
        if ((int)v == r->baseline) continue;
        ACF_TRY(acf_str_printf(out, e, "| %s | %zu |", r->variant[v], r->gain[v].gains.n_tasks));
        ACF_TRY(put_gain(out, &r->gain[v], e));
    }
    return ACF_OK;
}

/* A test over tasks that too few of them keep from 5 %? */
static bool is_too_few(const acf_result_gain *g, size_t n_tests)
{
    return g->gains.n_tasks > 1 && !g->gains.is_mixed && !(g->p_holm <= ACF_COMPARE_ALPHA) &&
           !acf_gains_can_reach(&g->gains, ACF_COMPARE_ALPHA, n_tests);
}

static acf_status put_hint(acf_str *out, const acf_results *r, acf_error *e)
{
    enum { SHOWN = 8 };
    size_t n_tests = 0, n = 0;
    for (size_t v = 0; v < r->n_variants; v++)
        if (!isnan(r->gain[v].p_holm)) n_tests++;
    for (size_t v = 0; v < r->n_variants; v++) {
        const acf_result_gain *g = &r->gain[v];
        if ((int)v == r->baseline || !is_too_few(g, n_tests)) continue;
        if (n++ == 0) {
            ACF_TRY(acf_str_printf(out, e, "\nA test at 5 %% needs %zu tasks that differ",
                                   acf_gains_least_tasks(ACF_COMPARE_ALPHA, n_tests)));
            ACF_TRY(n_tests == 1 ? acf_str_puts(out, ": ", e)
                                 : acf_str_printf(out, e, " with %zu tests: ", n_tests));
        }
        if (n <= SHOWN)
            ACF_TRY(acf_str_printf(out, e, "%s%s has %zu", n > 1 ? ", " : "", r->variant[v],
                                   g->gains.wilcoxon.n));
    }
    if (n > SHOWN) ACF_TRY(acf_str_printf(out, e, ", %zu more have too few", n - SHOWN));
    return n > 0 ? acf_str_puts(out, ".\n", e) : ACF_OK;
}

/* Does a gain leave out seeds or tasks that the figures are over? */
static bool has_unpaired(const acf_results *r)
{
    for (size_t task = 0; task < r->n_tasks; task++)
        for (size_t v = 0; v < r->n_variants; v++)
            if (cell_of(r, task, v)->n_alone > 0) return true;
    return false;
}

acf_status acf_results_markdown(acf_str *out, const acf_results *r, acf_error *e)
{
    ACF_TRY(put_figures(out, r, e));
    if (r->n_variants < 2) return ACF_OK;
    ACF_TRY(put_gains(out, r, e));
    ACF_TRY(put_hint(out, r, e));
    if (!has_unpaired(r)) return ACF_OK;
    return acf_str_printf(
        out, e,
        "\nNot all have the same seeds and tasks: figures are over what each has, "
        "gains over what %s has, too.\n",
        r->variant[r->baseline]);
}

static bool add_head(cJSON *list, const acf_results *r, size_t variant)
{
    cJSON *c = acf_json_append(list);
    return c != NULL && cJSON_AddStringToObject(c, "variant", r->variant[variant]) != NULL &&
           cJSON_AddStringToObject(c, "head", acf_results_head(r, variant)) != NULL;
}

static bool add_cell(cJSON *list, const acf_results *r, size_t task, size_t variant)
{
    const acf_result_cell *cell = cell_of(r, task, variant);
    const acf_sample *s = &cell->sample;
    cJSON *c = acf_json_append(list);
    bool ok = c != NULL && cJSON_AddStringToObject(c, "variant", r->variant[variant]) != NULL &&
              cJSON_AddNumberToObject(c, "n", cell->n) != NULL &&
              cJSON_AddNumberToObject(c, "diverged", cell->n_diverged) != NULL &&
              cJSON_AddNumberToObject(c, "undefined", cell->n_undefined) != NULL;
    if (ok && cell->n > 0) ok = cJSON_AddNumberToObject(c, "mean", s->mean) != NULL;
    if (ok && cell->n > 1)
        ok = cJSON_AddNumberToObject(c, "sd", s->sd) != NULL &&
             acf_json_put_pair(c, "ci", s->low, s->high);
    return ok;
}

static bool add_gain(cJSON *list, const acf_results *r, size_t variant)
{
    const acf_gains *g = &r->gain[variant].gains;
    cJSON *c = acf_json_append(list);
    return c != NULL && cJSON_AddStringToObject(c, "variant", r->variant[variant]) != NULL &&
           acf_json_put_number(c, "tasks", (double)g->n_tasks) &&
           acf_json_put_number_or_null(c, "gain", g->gain) &&
           acf_json_put_pair_or_null(c, "ci", g->ci.low, g->ci.high) &&
           acf_json_put_number(c, "wins", (double)g->wins) &&
           acf_json_put_number(c, "ties", (double)g->ties) &&
           acf_json_put_number(c, "losses", (double)g->losses) &&
           acf_json_put_number_or_null(c, "p", g->p) &&
           acf_json_put_number_or_null(c, "p_holm", r->gain[variant].p_holm);
}

acf_status acf_results_json(cJSON **out, const acf_results *r, acf_error *e)
{
    cJSON *json = *out = cJSON_CreateObject(), *list = NULL;
    bool ok = json != NULL &&
              cJSON_AddStringToObject(json, "baseline", r->variant[r->baseline]) != NULL &&
              (list = cJSON_AddArrayToObject(json, "heads")) != NULL;
    for (size_t v = 0; v < r->n_variants && ok; v++)
        ok = add_head(list, r, v);
    ok = ok && (list = cJSON_AddArrayToObject(json, "tasks")) != NULL;
    for (size_t task = 0; task < r->n_tasks && ok; task++) {
        cJSON *c = acf_json_append(list), *variants = NULL;
        ok = c != NULL && cJSON_AddStringToObject(c, "task", r->task[task]) != NULL &&
             cJSON_AddStringToObject(c, "metric", acf_metric_name(r->metric[task])) != NULL &&
             (variants = cJSON_AddArrayToObject(c, "variants")) != NULL;
        for (size_t v = 0; v < r->n_variants && ok; v++)
            ok = add_cell(variants, r, task, v);
    }
    ok = ok && (list = cJSON_AddArrayToObject(json, "gains")) != NULL;
    for (size_t v = 0; v < r->n_variants && ok; v++)
        if ((int)v != r->baseline) ok = add_gain(list, r, v);
    if (ok) return ACF_OK;
    cJSON_Delete(json);
    *out = NULL;
    return acf_json_check(NULL, e);
}
