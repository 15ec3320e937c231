#include "compare/compare_internal.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

static int verdict(int direction, double p_holm)
{
    if (!(p_holm <= ACF_COMPARE_ALPHA) || direction == 0) return -1;
    return direction > 0;
}

int acf_compare_verdict_of_row(const acf_compare_row *row)
{
    return verdict((row->gain > 0) - (row->gain < 0), row->p_holm);
}

int acf_compare_verdict(const acf_compare_pair *pair)
{
    int direction = pair->gains.n_tasks > 1 ? acf_gains_direction(&pair->gains)
                                            : (pair->gain > 0) - (pair->gain < 0);
    return verdict(direction, pair->p_holm);
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

/* The gains of the rows. */
static acf_status sum_up(acf_compare_pair *pair, int n_draws, acf_error *e)
{
    size_t n = pair->n_rows, all = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        all += pair->row[i].n_parts;
    acf_status st = ACF_ERR_RESOURCE;
    double *difference = acf_alloc(all, sizeof *difference, "gains", e);
    acf_task_parts *task = acf_alloc(n, sizeof *task, "gains", e);
    if (difference != NULL && task != NULL) {
        for (size_t i = 0; i < n; i++) {
            const acf_compare_row *row = &pair->row[i];
            task[i] =
                (acf_task_parts){.difference = difference + at,
                                 .n = row->n_parts,
                                 .larger_is_better = acf_metric_larger_is_better(row->metric)};
            for (size_t k = 0; k < row->n_parts; k++)
                difference[at++] = row->figure[1][k] - row->figure[0][k];
        }
        st = acf_gains_of(&pair->gains, task, n, 0, n_draws, e);
    }
    acf_free(task);
    acf_free(difference);
    return st;
}

/* One of a pair's tasks, the next row.  A metric or head that the user asked for of all tasks need
 * not make sense of each (a regression has no accuracy and no label head): such a task is told and
 * left out, e keeps why. */
static acf_status add_row(acf_compare_pair *pair, const acf_compare *c, const acf_found_task *a,
                          const acf_found_task *b, acf_error *e)
{
    bool is_apt, is_asked = c->opt.metric >= 0 || c->opt.head >= 0;
    acf_status st = acf_compare_row_open(&pair->row[pair->n_rows], &is_apt, c, pair->run, a, b, e);
    if (!is_apt && c->has_tasks && is_asked) {
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
    if (c->has_tasks) ACF_TRY(sum_up(pair, c->opt.n_draws, e));
    bool is_one = pair->n_rows == 1; /* its test knows the examples, too */
    pair->gain = is_one ? pair->row[0].gain : pair->gains.gain;
    pair->ci = is_one ? pair->row[0].test.ci : pair->gains.ci;
    pair->p = is_one ? pair->row[0].test.p : pair->gains.p;
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
    acf_error own;
    if (e == NULL) e = &own; /* its text may become a warning */
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
