#include "compare/compare_internal.h"

#include "base/mem.h"
#include "metrics/bootstrap.h"

#include <math.h>
#include <string.h>

int acf_compare_verdict(double gain, double p_holm)
{
    if (!(p_holm <= ACF_COMPARE_ALPHA) || gain == 0.0 || isnan(gain)) return -1;
    return gain > 0.0;
}

static const acf_found_task *find_task(const acf_found *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->task[i].name, name) == 0) return &f->task[i];
    return NULL;
}

/* Tasks that only one of the pair has. */
static void tell_alone(const acf_compare *c, int run, int other)
{
    for (size_t i = 0; i < c->found[run].n; i++)
        if (find_task(&c->found[other], c->found[run].task[i].name) == NULL)
            acf_log_warn(c->opt.log, "%s/%s: left out, %s has no finished %s", c->path[run],
                         c->found[run].task[i].name, c->path[other], c->found[run].task[i].name);
}

/* Are there metrics of which more is better and others of which less is? */
static bool is_mixed(const acf_compare_pair *pair)
{
    bool larger = acf_metric_larger_is_better(pair->row[0].metric);
    for (size_t i = 1; i < pair->n_rows; i++)
        if (acf_metric_larger_is_better(pair->row[i].metric) != larger) return true;
    return false;
}

/* Wins, signed ranks and bootstrap over the rows. */
static acf_status sum_up(acf_compare_pair *pair, int n_draws, acf_error *e)
{
    size_t n = pair->n_rows, all = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        all += pair->row[i].n_parts;
    acf_status st = ACF_ERR_RESOURCE;
    double *gain = acf_alloc(n, sizeof *gain, "gains", e);
    double *part = acf_alloc(all, sizeof *part, "gains", e);
    size_t *len = acf_alloc(n, sizeof *len, "gains", e);
    if (gain == NULL || part == NULL || len == NULL) goto done;
    for (size_t i = 0; i < n; i++) {
        const acf_compare_row *row = &pair->row[i];
        double sign = acf_metric_larger_is_better(row->metric) ? 1.0 : -1.0;
        gain[i] = round(row->gain * 1e12) / 1e12; /* equal but for rounding is equal */
        len[i] = row->n_parts;
        for (size_t k = 0; k < row->n_parts; k++)
            part[at++] = sign * (row->figure[1][k] - row->figure[0][k]);
        pair->gain += row->gain / (double)n;
        pair->wins += gain[i] > 0.0;
        pair->losses += gain[i] < 0.0;
    }
    pair->ties = n - pair->wins - pair->losses;
    st = acf_wilcoxon_test(&pair->wilcoxon, gain, n, e);
    if (is_mixed(pair))
        pair->gain = pair->ci.low = pair->ci.high = pair->bootstrap_p = (double)NAN;
    else if (st == ACF_OK)
        st = acf_bootstrap_groups(&pair->ci, &pair->bootstrap_p, part, len, n, n_draws, e);
    pair->p = pair->wilcoxon.p;
done:
    acf_free(len);
    acf_free(part);
    acf_free(gain);
    return st;
}

/* One of a pair's tasks, the next row.  A metric or head that the user asked for of all tasks need
 * not make sense of each (a regression has no accuracy and no label head): such a task is told and
 * left out, e keeps why. */
static acf_status add_row(acf_compare_pair *pair, const acf_compare *c, const acf_found_task *a,
                          const acf_found_task *b, acf_error *e)
{
    acf_compare_row *row = &pair->row[pair->n_rows];
    bool is_asked = c->opt.metric >= 0 || c->opt.head >= 0;
    acf_status st = acf_compare_row_open(row, c, pair->run, a, b, e);
    if (st == ACF_ERR_USAGE && c->has_tasks && is_asked) {
        acf_log_warn(c->opt.log, "%s, left out", e->text);
        return ACF_OK;
    }
    if (st == ACF_OK) pair->n_rows++;
    return st;
}

static acf_status fill_pair(acf_compare_pair *pair, const acf_compare *c, acf_error *e)
{
    const acf_found *a = &c->found[pair->run[0]], *b = &c->found[pair->run[1]];
    size_t n_both = 0;
    pair->row = acf_alloc(a->n, sizeof *pair->row, "tasks", e);
    if (pair->row == NULL) return ACF_ERR_RESOURCE;
    tell_alone(c, pair->run[0], pair->run[1]);
    tell_alone(c, pair->run[1], pair->run[0]);
    for (size_t i = 0; i < a->n; i++) {
        const acf_found_task *other = find_task(b, a->task[i].name);
        if (other == NULL) continue;
        n_both++;
        ACF_TRY(add_row(pair, c, &a->task[i], other, e));
    }
    if (n_both > 0 && pair->n_rows == 0) return ACF_ERR_USAGE; /* e has the last one's */
    if (pair->n_rows == 0)
        return acf_fail(e, ACF_ERR_MODEL, "%s and %s: no finished task that both have",
                        c->path[pair->run[0]], c->path[pair->run[1]]);
    if (c->has_tasks) return sum_up(pair, c->opt.n_draws, e);
    pair->gain = pair->row[0].gain;
    pair->ci = pair->row[0].test.ci;
    pair->p = pair->row[0].test.p;
    return ACF_OK;
}

/* Over all pairs, and over all tasks of all pairs. */
static acf_status correct(acf_compare *c, acf_error *e)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < c->n_pairs; i++)
        n += c->pair[i].n_rows;
    double *p = acf_alloc(n, sizeof *p, "tests", e), *holm = acf_alloc(n, sizeof *p, "tests", e);
    acf_status st = p == NULL || holm == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    for (size_t i = 0; i < c->n_pairs && st == ACF_OK; i++)
        p[i] = c->pair[i].p;
    if (st == ACF_OK) st = acf_holm(holm, p, c->n_pairs, e);
    for (size_t i = 0; i < c->n_pairs && st == ACF_OK; i++) {
        c->pair[i].p_holm = holm[i];
        for (size_t k = 0; k < c->pair[i].n_rows; k++)
            p[at++] = c->pair[i].row[k].test.p;
    }
    if (st == ACF_OK) st = acf_holm(holm, p, n, e);
    at = 0;
    for (size_t i = 0; i < c->n_pairs && st == ACF_OK; i++)
        for (size_t k = 0; k < c->pair[i].n_rows; k++)
            c->pair[i].row[k].p_holm = holm[at++];
    acf_free(holm);
    acf_free(p);
    return st;
}

static acf_status find_runs(acf_compare *c, acf_error *e)
{
    size_t n = (size_t)c->n_runs;
    c->found = acf_alloc(n, sizeof *c->found, "runs", e);
    c->pair = acf_alloc(n * (n - 1) / 2, sizeof *c->pair, "pairs", e);
    if (c->found == NULL || c->pair == NULL) return ACF_ERR_RESOURCE;
    for (int i = 0; i < c->n_runs; i++) {
        ACF_TRY(acf_found_open(&c->found[i], c->path[i], c->opt.split, c->opt.log, e));
        if (c->found[i].has_tasks != c->found[0].has_tasks)
            return acf_fail(
                e, ACF_ERR_MODEL, "%s is a directory of tasks, %s is not: compare like with like",
                c->path[c->found[i].has_tasks ? i : 0], c->path[c->found[i].has_tasks ? 0 : i]);
    }
    c->has_tasks = c->found[0].has_tasks;
    return ACF_OK;
}

acf_status acf_compare_run(acf_compare *c, const char *const *path, int n_runs,
                           const acf_compare_options *opt, acf_error *e)
{
    *c = (acf_compare){.path = path, .n_runs = n_runs, .opt = *opt};
    acf_status st = find_runs(c, e);
    for (int i = 0; i < n_runs && st == ACF_OK; i++)
        for (int j = i + 1; j < n_runs && st == ACF_OK; j++) {
            acf_compare_pair *pair = &c->pair[c->n_pairs++];
            pair->run[0] = i;
            pair->run[1] = j;
            st = fill_pair(pair, c, e);
        }
    if (st == ACF_OK) st = correct(c, e);
    if (st != ACF_OK) acf_compare_close(c);
    return st;
}

void acf_compare_close(acf_compare *c)
{
    for (size_t i = 0; i < c->n_pairs; i++) {
        for (size_t k = 0; k < c->pair[i].n_rows; k++)
            acf_compare_row_close(&c->pair[i].row[k]);
        acf_free(c->pair[i].row);
    }
    for (int i = 0; c->found != NULL && i < c->n_runs; i++)
        acf_found_close(&c->found[i]);
    acf_free(c->pair);
    acf_free(c->found);
    *c = (acf_compare){0};
}
