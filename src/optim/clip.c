#include "optim/clip.h"

#include "num/vec.h"

#include <math.h>

static bool is_trained(const acf_param *s)
{
    return (s->flags & (ACF_PARAM_STATE | ACF_PARAM_FROZEN)) == 0;
}

double acf_grad_norm(const acf_params *p)
{
    double sum = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        if (!is_trained(&p->slice[i])) continue;
        size_t first = p->slice[i].at;
        /* Trained neighbours are summed in one go; the padding between them is zero. */
        while (i + 1 < p->n && is_trained(&p->slice[i + 1]))
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
