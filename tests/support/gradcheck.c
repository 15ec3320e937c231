#include "support/gradcheck.h"

#include "support/cm.h"

#include <math.h>
#include <stdlib.h>

/* One tensor's extremes. */
typedef struct extremes {
    double top;  /* largest |n| */
    double err;  /* largest |a - n|, NaN counts as the largest */
    double zero; /* largest of |a| and |n| likewise */
    size_t at;   /* where err is */
    double a, n;
} extremes;

static bool is_over(double value, double so_far) /* a NaN is over everything but a NaN */
{
    return !(value <= so_far) && !isnan(so_far);
}

static double difference(grad_function f, void *ctx, real *x)
{
    real kept = *x;
    double step = 1e-5 * fmax(1.0, fabs((double)kept));
    volatile real up = (real)((double)kept + step), down = (real)((double)kept - step);
    *x = up;
    double f_up = f(ctx);
    *x = down;
    double f_down = f(ctx);
    *x = kept;
    return (f_up - f_down) / ((double)up - (double)down);
}

static size_t measure(grad_function f, void *ctx, const grad_tensor *t, extremes *out)
{
    size_t stride = t->limit > 0 && t->n > t->limit ? t->n / t->limit : 1;
    size_t n_checked = 0;
    *out = (extremes){.err = -1.0, .zero = -1.0};
    for (size_t i = 0; i < t->n; i += stride) {
        double n = difference(f, ctx, t->value + i), a = (double)t->grad[i];
        if (is_over(fabs(n), out->top)) out->top = fabs(n);
        if (is_over(fabs(n), out->zero)) out->zero = fabs(n);
        if (is_over(fabs(a), out->zero)) out->zero = fabs(a);
        if (is_over(fabs(a - n), out->err)) {
            out->err = fabs(a - n);
            out->at = i;
            out->a = a;
            out->n = n;
        }
        n_checked++;
    }
    return n_checked;
}

bool grad_ok(grad_function f, void *ctx, const grad_tensor *tensor, size_t n_tensors,
             grad_report *r)
{
    *r = (grad_report){.worst = "no tensor", .excess = -1.0};
    extremes *ex = calloc(n_tensors + 1, sizeof *ex);
    if (ex == NULL) {
        r->worst = "no memory";
        return false;
    }

    double top = 0.0;
    for (size_t k = 0; k < n_tensors; k++) {
        r->n_checked += measure(f, ctx, &tensor[k], &ex[k]);
        if (is_over(ex[k].top, top)) top = ex[k].top;
    }
    for (size_t k = 0; k < n_tensors; k++) {
        if (tensor[k].n == 0) continue;
        double tol = 1e-7 * (tensor[k].is_zero ? top : fmax(ex[k].top, 1e-3 * top));
        double excess = (tensor[k].is_zero ? ex[k].zero : ex[k].err) / tol;
        if (is_over(excess, r->excess)) {
            r->excess = excess;
            r->worst = tensor[k].name;
            r->at = ex[k].at;
            r->a = ex[k].a;
            r->n = ex[k].n;
        }
    }
    free(ex);
    return r->n_checked > 0 && top > 0.0 && isfinite(top) && r->excess <= 1.0;
}

void check_gradients(grad_function f, void *ctx, const grad_tensor *tensor, size_t n_tensors,
                     const char *file, int line)
{
    grad_report r;
    if (!grad_ok(f, ctx, tensor, n_tensors, &r))
        fail_msg("%s:%d: gradient of %s wrong at [%zu]: analytic %.12g, numeric %.12g, %.3g times "
                 "the tolerance (%zu elements checked)",
                 file, line, r.worst, r.at, r.a, r.n, r.excess, r.n_checked);
}
