#include "metrics/gains.h"

#include "base/mem.h"
#include "metrics/bootstrap.h"
#include "metrics/sample.h"

#include <math.h>

/* Equal but for rounding is equal. */
static double rounded(double x)
{
    return round(x * 1e12) / 1e12;
}

/* All parts as gains, one task behind the other, and the mean of each task. */
static void fill(acf_gains *g, double *part, size_t *len, double *of_task,
                 const acf_task_parts *task)
{
    double total = 0;
    for (size_t i = 0; i < g->n_tasks; i++) {
        double sign = task[i].larger_is_better ? 1 : -1, sum = 0;
        for (size_t k = 0; k < task[i].n; k++) {
            *part = sign * task[i].difference[k];
            sum += *part++;
        }
        len[i] = task[i].n;
        of_task[i] = rounded(sum / (double)task[i].n);
        total += sum / (double)task[i].n;
        g->wins += of_task[i] > 0;
        g->ties += of_task[i] == 0;
        g->losses += of_task[i] < 0;
        g->is_mixed = g->is_mixed || task[i].larger_is_better != task[0].larger_is_better;
    }
    if (!g->is_mixed) g->gain = total / (double)g->n_tasks;
}

static void test_parts(acf_gains *g, double *part, size_t n, int n_folds)
{
    acf_sample s = acf_sample_of(part, n, n_folds);
    g->ci = (acf_ci){s.low, s.high};
    g->p = acf_sample_p(&s);
}

acf_status acf_gains_of(acf_gains *g, const acf_task_parts *task, size_t n_tasks, int n_folds,
                        int n_draws, acf_error *e)
{
    const double none = (double)NAN;
    size_t n = 0;
    *g = (acf_gains){
        .n_tasks = n_tasks, .gain = none, .ci = {none, none}, .p = none, .bootstrap_p = none};
    if (n_tasks == 0) return ACF_OK;
    for (size_t i = 0; i < n_tasks; i++)
        n += task[i].n;
    acf_status st = ACF_ERR_RESOURCE;
    double *part = acf_alloc(n, sizeof *part, "gains", e);
    double *of_task = acf_alloc(n_tasks, sizeof *of_task, "gains", e);
    size_t *len = acf_alloc(n_tasks, sizeof *len, "gains", e);
    if (part == NULL || of_task == NULL || len == NULL) goto done;
    fill(g, part, len, of_task, task);
    st = ACF_OK;
    if (n_tasks == 1) {
        test_parts(g, part, n, n_folds);
    } else if (!g->is_mixed) {
        st = acf_bootstrap_groups(&g->ci, &g->bootstrap_p, part, len, n_tasks, n_draws, e);
        if (st == ACF_OK) st = acf_wilcoxon_test(&g->wilcoxon, of_task, n_tasks, e);
        g->p = g->wilcoxon.p;
    }
done:
    acf_free(len);
    acf_free(of_task);
    acf_free(part);
    return st;
}

static int sign_of(double x)
{
    return (x > 0) - (x < 0);
}

int acf_gains_direction(const acf_gains *g)
{
    int mean = sign_of(rounded(g->gain)), ranks = sign_of(g->wilcoxon.plus - g->wilcoxon.minus);
    if (isnan(g->gain)) return 0;
    return g->n_tasks == 1 || mean == ranks ? mean : 0;
}

size_t acf_gains_least_tasks(double alpha, size_t n_tests)
{
    size_t n = 1;
    while (ldexp(2, -(int)n) > alpha / (double)n_tests)
        n++;
    return n;
}

bool acf_gains_can_reach(const acf_gains *g, double alpha, size_t n_tests)
{
    if (g->n_tasks == 1) return !isnan(g->p);
    return g->wilcoxon.n >= acf_gains_least_tasks(alpha, n_tests);
}
