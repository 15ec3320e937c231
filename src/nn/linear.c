#include "nn/linear.h"

#include "base/assert.h"
#include "num/gemm.h"
#include "num/norm.h"

#include <limits.h>

static acf_status add_slice(int *id, acf_params *p, const char *name, const char *suffix, int out,
                            int in, unsigned flags, acf_param_place place, acf_error *e)
{
    acf_param s = {.rank = in > 0 ? 2 : 1,
                   .dim = {out, in},
                   .group = place.group,
                   .flags = flags | (in > 0 ? 0u : (unsigned)ACF_PARAM_NO_DECAY),
                   .layer = place.layer,
                   .init = in > 0 ? ACF_INIT_NORMAL : ACF_INIT_ZERO,
                   .init_std = place.init_std};
    return acf_params_add_named(id, p, name, suffix, s, e);
}

acf_status acf_linear_plan(acf_linear *lin, acf_params *p, const char *name, int in, int out,
                           acf_param_place place, acf_error *e)
{
    return acf_linear_plan_joined(lin, p, &name, 1, in, out, place, e);
}

acf_status acf_linear_plan_joined(acf_linear *lin, acf_params *p, const char *const *names,
                                  int n_parts, int in, int out_each, acf_param_place place,
                                  acf_error *e)
{
    int first[2] = {-1, -1}; /* weights, then biases */
    for (int kind = 0; kind < 2; kind++)
        for (int part = 0; part < n_parts; part++) {
            int id = -1;
            ACF_TRY(add_slice(&id, p, names[part], kind == 0 ? "weight" : "bias", out_each,
                              kind == 0 ? in : 0, part > 0 ? ACF_PARAM_JOINED : 0, place, e));
            if (part == 0) first[kind] = id;
        }
    *lin = (acf_linear){.weight = first[0], .bias = first[1], .in = in, .out = n_parts * out_each};
    return ACF_OK;
}

acf_linear acf_linear_part(const acf_linear *joined, int n_parts, int first, int n)
{
    ACF_ASSERT(first >= 0 && n >= 1 && first + n <= n_parts && joined->out % n_parts == 0);
    return (acf_linear){.weight = joined->weight + first,
                        .bias = joined->bias + first,
                        .in = joined->in,
                        .out = joined->out / n_parts * n};
}

void acf_linear_forward(real *y, const real *x, size_t rows, bool bias, const acf_params *p,
                        const acf_linear *lin)
{
    ACF_ASSERT(rows <= INT_MAX);
    acf_gemm(y, lin->out, x, lin->in, false, acf_value(p, lin->weight), lin->in, true, (int)rows,
             lin->out, lin->in, (real)1, (real)0);
    if (bias) acf_bias_add(y, acf_value(p, lin->bias), rows, lin->out);
}

void acf_linear_backward(real *d_x, real keep, acf_params *p, const real *d_y, const real *x,
                         size_t rows, const acf_linear *lin)
{
    ACF_ASSERT(rows <= INT_MAX);
    if (acf_trains(p, lin->weight))
        acf_gemm(acf_grad(p, lin->weight), lin->in, d_y, lin->out, true, x, lin->in, false,
                 lin->out, lin->in, (int)rows, (real)1, (real)1);
    if (acf_trains(p, lin->bias)) acf_bias_backward(acf_grad(p, lin->bias), d_y, rows, lin->out);
    if (d_x != NULL)
        acf_gemm(d_x, lin->in, d_y, lin->out, false, acf_value(p, lin->weight), lin->in, false,
                 (int)rows, lin->in, lin->out, (real)1, keep);
}
