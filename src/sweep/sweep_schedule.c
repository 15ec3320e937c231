#include "sweep/sweep_schedule.h"

enum { ANY = -1 };

/* Mean seconds of the runs of a task that have ended, or of ANY; 0: not known. */
static double mean_seconds(const acf_sweep *s, int task)
{
    double sum = 0;
    int n = 0;
    for (int i = 0; i < s->n_runs; i++) {
        const acf_sweep_run *r = &s->run[i];
        if (r->line == NULL || (task != ANY && s->cell[r->cell].task != task)) continue;
        sum += r->seconds;
        n++;
    }
    return n > 0 ? sum / n : 0;
}

static double expected(const acf_sweep *s, int run)
{
    return mean_seconds(s, s->cell[s->run[run].cell].task);
}

static bool comes_before(const acf_sweep *s, int a, int b)
{
    const acf_sweep_run *x = &s->run[a], *y = &s->run[b];
    if (x->index != y->index) return x->index < y->index;
    double p = expected(s, a), q = expected(s, b);
    if ((p > 0) != (q > 0)) return !(p > 0);
    return p > q;
}

static bool is_left(const acf_sweep_run *r)
{
    return r->is_ours && r->state == ACF_SWEEP_OPEN;
}

int acf_sweep_next(const acf_sweep *s)
{
    int best = -1;
    for (int i = 0; i < s->n_runs; i++) {
        if (!is_left(&s->run[i]) || s->run[i].begun_s > 0) continue;
        if (best < 0 || comes_before(s, i, best)) best = i;
    }
    return best;
}

double acf_sweep_time_left(const acf_sweep *s, int n_jobs, double now_s)
{
    double left = 0, longest = 0, any = mean_seconds(s, ANY);
    if (!(any > 0)) return -1;
    for (int i = 0; i < s->n_runs; i++) {
        const acf_sweep_run *r = &s->run[i];
        if (!is_left(r)) continue;
        double one = expected(s, i), spent = r->begun_s > 0 ? now_s - r->begun_s : 0;
        one = (one > 0 ? one : any) - spent;
        left += one > 0 ? one : 0;
        longest = one > longest ? one : longest;
    }
    left /= n_jobs;
    return left > longest ? left : longest;
}
