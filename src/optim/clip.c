#include "optim/clip.h"

#include "num/vec.h"

#include <math.h>

static bool is_by_rows(const acf_params *p, size_t i)
{
    return p->touched != NULL && (p->slice[i].flags & ACF_PARAM_ROWS) != 0;
}

/* Only rows that were touched have a gradient. */
static double rows_square_sum(const acf_params *p, const acf_param *s)
{
    double sum = 0.0;
    size_t C = s->len / (size_t)s->dim[0];
    for (int i = 0; i < p->n_touched; i++)
        sum += acf_vec_square_sum(p->grad + s->at + (size_t)p->touched[i] * C, C);
    return sum;
}

double acf_grad_norm(const acf_params *p)
{
    double sum = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        if (!acf_param_trains(&p->slice[i])) continue;
        size_t first = p->slice[i].at;
        if (is_by_rows(p, i)) {
            sum += rows_square_sum(p, &p->slice[i]);
            continue;
        }
        /* Trained neighbours are summed in one go; the padding between them is zero. */
        while (i + 1 < p->n && acf_param_trains(&p->slice[i + 1]) && !is_by_rows(p, i + 1))
            i++;
        sum += acf_vec_square_sum(p->grad + first, p->slice[i].at + p->slice[i].len - first);
    }
    return sqrt(sum);
}

double acf_clip_scale(double norm, double max_norm)
{
    if (max_norm == 0.0) return 1.0;
    double scale = max_norm / (norm + 1e-6); /* torch clip_grad_norm_ */
    return scale < 1.0 ? scale : 1.0;
}
