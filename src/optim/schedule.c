#include "optim/schedule.h"

#include <math.h>

#define PI 3.14159265358979323846

/* gamma^n by repeated products, as torch's schedulers reach it. */
static double step_factor(const acf_schedule *s, int64_t update)
{
    int64_t n = 0;
    if (s->n_milestones > 0)
        while (n < s->n_milestones && s->milestone[n] <= update)
            n++;
    else
        n = update / s->every;
    double factor = 1.0;
    for (; n > 0 && factor != 0.0; n--)
        factor *= s->gamma;
    return factor;
}

double acf_schedule_factor(const acf_schedule *s, int64_t update, int64_t total)
{
    if (update < s->warmup) return (double)update / (double)s->warmup;
    double span = (double)(total > s->warmup ? total - s->warmup : 1);
    double factor = 1.0;
    switch (s->type) {
    case ACF_SCHEDULE_LINEAR:
        factor = (double)(total - update) / span;
        break;
    case ACF_SCHEDULE_COSINE:
        factor = 0.5 * (1.0 + cos(PI * (double)(update - s->warmup) / span));
        break;
    case ACF_SCHEDULE_STEP:
        return step_factor(s, update);
    case ACF_SCHEDULE_CONSTANT:
        break;
    }
    return factor > 0.0 ? factor : 0.0;
}
