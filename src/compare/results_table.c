#include "compare/results.h"

#include "base/json.h"

#include <math.h>
#include <stdio.h>

static const acf_result_cell *cell_of(const acf_results *r, size_t task, size_t variant)
{
    return &r->cell[task * r->n_variants + variant];
}

/* Variant of the best mean on a task; -1: no figures. */
static int best_of(const acf_results *r, size_t task)
{
    int best = -1;
    bool larger = acf_metric_larger_is_better(r->metric[task]);
    for (size_t v = 0; v < r->n_variants; v++) {
        const acf_result_cell *c = cell_of(r, task, v);
        if (c->n == 0) continue;
        double lead = best < 0 ? 1 : c->sample.mean - cell_of(r, task, (size_t)best)->sample.mean;
        if (best < 0 || (larger ? lead > 0 : lead < 0)) best = (int)v;
    }
    return best;
}

/* Mean over tasks that every variant has; NaN when there are none, or of different directions. */
static double mean_of(const acf_results *r, size_t variant, size_t *n)
{
    double sum = 0;
    *n = 0;
    for (size_t task = 0; task < r->n_tasks; task++) {
        bool all = acf_metric_larger_is_better(r->metric[task]);
        for (size_t v = 0; v < r->n_variants; v++)
            all = all && cell_of(r, task, v)->n > 0;
        if (!all) continue;
        sum += cell_of(r, task, variant)->sample.mean;
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

static acf_status put_figures(acf_str *out, const acf_results *r, acf_error *e)
{
    size_t n_common = 0;
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
    (void)mean_of(r, 0, &n_common);
    if (n_common < 2) return ACF_OK;
    ACF_TRY(acf_str_printf(out, e, "| mean of %zu | | |", n_common));
    for (size_t v = 0; v < r->n_variants; v++)
        ACF_TRY(acf_str_printf(out, e, " %.2f |", 100 * mean_of(r, v, &n_common)));
    return acf_str_puts(out, "\n", e);
}

static acf_status put_chance(acf_str *out, double p, acf_error *e)
{
    return acf_str_printf(out, e, p < 0.0001 ? " <0.0001 |" : " %.4f |", p);
}

static acf_status put_gains(acf_str *out, const acf_results *r, acf_error *e)
{
    ACF_TRY(
        acf_str_printf(out, e,
                       "\n| over %s | tasks | mean gain | 95 %% interval | wins, ties, losses | "
                       "p | Holm |\n|---|---|---|---|---|---|---|\n",
                       r->variant[r->baseline]));
    for (size_t v = 0; v < r->n_variants; v++) {
        const acf_result_gain *g = &r->gain[v];
        double scale = g->is_share ? 100 : 1;
        int digits = g->is_share ? 2 : 4;
        if ((int)v == r->baseline) continue;
        ACF_TRY(acf_str_printf(out, e, "| %s | %zu |", r->variant[v], g->n_tasks));
        if (!acf_result_has_gain(g))
            ACF_TRY(acf_str_puts(out, " - | - |", e));
        else
            ACF_TRY(acf_str_printf(out, e, " %+.*f | %+.*f to %+.*f |", digits, scale * g->gain,
                                   digits, scale * g->ci.low, digits, scale * g->ci.high));
        ACF_TRY(acf_str_printf(out, e, " %zu, %zu, %zu |", g->wins, g->ties, g->losses));
        if (!acf_result_has_gain(g)) {
            ACF_TRY(acf_str_puts(out, " - | - |\n", e));
            continue;
        }
        ACF_TRY(put_chance(out, g->p, e));
        ACF_TRY(put_chance(out, g->p_holm, e));
        ACF_TRY(acf_str_puts(out, "\n", e));
    }
    return ACF_OK;
}

acf_status acf_results_markdown(acf_str *out, const acf_results *r, acf_error *e)
{
    ACF_TRY(put_figures(out, r, e));
    return r->n_variants > 1 ? put_gains(out, r, e) : ACF_OK;
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
    const acf_result_gain *g = &r->gain[variant];
    if (g->n_tasks == 0) return true;
    cJSON *c = acf_json_append(list);
    return c != NULL && cJSON_AddStringToObject(c, "variant", r->variant[variant]) != NULL &&
           cJSON_AddNumberToObject(c, "tasks", (double)g->n_tasks) != NULL &&
           cJSON_AddNumberToObject(c, "gain", g->gain) != NULL &&
           acf_json_put_pair(c, "ci", g->ci.low, g->ci.high) &&
           cJSON_AddNumberToObject(c, "wins", (double)g->wins) != NULL &&
           cJSON_AddNumberToObject(c, "ties", (double)g->ties) != NULL &&
           cJSON_AddNumberToObject(c, "losses", (double)g->losses) != NULL &&
           cJSON_AddNumberToObject(c, "p", g->p) != NULL &&
           cJSON_AddNumberToObject(c, "p_holm", g->p_holm) != NULL;
}

acf_status acf_results_json(cJSON **out, const acf_results *r, acf_error *e)
{
    cJSON *json = *out = cJSON_CreateObject(), *list = NULL;
    bool ok = json != NULL &&
              cJSON_AddStringToObject(json, "baseline", r->variant[r->baseline]) != NULL &&
              (list = cJSON_AddArrayToObject(json, "tasks")) != NULL;
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
        ok = add_gain(list, r, v);
    if (ok) return ACF_OK;
    cJSON_Delete(json);
    *out = NULL;
    return acf_json_check(NULL, e);
}
