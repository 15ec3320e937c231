#include "optim/lazy_rows.h"

#include "base/mem.h"
#include "num/vec.h"

#include <string.h>

static const acf_param *lazy_slice(int *id, const acf_params *p)
{
    for (size_t i = 0; i < p->n; i++)
        if ((p->slice[i].flags & ACF_PARAM_ROWS) != 0 && acf_param_trains(&p->slice[i])) {
            *id = (int)i;
            return &p->slice[i];
        }
    *id = -1;
    return NULL;
}

acf_status acf_lazy_rows_open(acf_lazy_rows *r, const acf_params *p, acf_error *e)
{
    const acf_param *s = lazy_slice(&r->slice, p);
    *r = (acf_lazy_rows){.slice = r->slice};
    if (s == NULL) return ACF_OK;
    r->V = (size_t)s->dim[0];
    r->C = s->len / r->V;
    r->past = acf_alloc(ACF_LAZY_WINDOW, sizeof *r->past, "optimizer state", e);
    r->had = acf_alloc(r->V, sizeof *r->had, "optimizer state", e);
    r->stamp = acf_alloc(r->V, sizeof *r->stamp, "optimizer state", e);
    r->touched = acf_alloc(r->V, sizeof *r->touched, "optimizer state", e);
    if (r->past != NULL && r->had != NULL && r->stamp != NULL && r->touched != NULL) return ACF_OK;
    acf_lazy_rows_close(r);
    return ACF_ERR_RESOURCE;
}

void acf_lazy_rows_close(acf_lazy_rows *r)
{
    acf_free(r->past);
    acf_free(r->had);
    acf_free(r->stamp);
    acf_free(r->touched);
    *r = (acf_lazy_rows){.slice = -1};
}

/* Row k as it would be had it been updated all along. */
static void catch_up(acf_lazy_rows *r, acf_params *p, real *m, real *v, int32_t k)
{
    size_t at = p->slice[r->slice].at + (size_t)k * r->C;
    if (r->had[k] < r->n_past)
        acf_adamw_replay(p->value + at, m + at, v + at, r->C, r->past + r->had[k],
                         r->n_past - r->had[k]);
    r->had[k] = r->n_past;
}

void acf_lazy_rows_settle(acf_lazy_rows *r, acf_params *p, real *m, real *v)
{
    if (r->slice < 0 || r->n_past == 0) return;
#pragma omp parallel for schedule(static, 64)
    for (size_t k = 0; k < r->V; k++)
        catch_up(r, p, m, v, (int32_t)k);
    memset(r->had, 0, r->V * sizeof *r->had);
    r->n_past = 0;
}

void acf_lazy_rows_begin(acf_lazy_rows *r, acf_params *p, real *m, real *v, const int32_t *id,
                         int n)
{
    if (r->slice < 0) return;
    real *grad = acf_grad(p, r->slice);
    if (r->step == 0) /* nobody has said yet which rows are clear */
        acf_vec_zero(grad, p->slice[r->slice].len);
    for (int i = 0; i < r->n_touched; i++)
        memset(grad + (size_t)r->touched[i] * r->C, 0, r->C * sizeof *grad);
    if (r->n_past == ACF_LAZY_WINDOW) acf_lazy_rows_settle(r, p, m, v);
    if (++r->step == 0) { /* 2^32 steps on, old stamps would be mistaken for new ones */
        memset(r->stamp, 0, r->V * sizeof *r->stamp);
        r->step = 1;
    }
    r->n_touched = 0;
    for (int i = 0; i < n; i++) {
        if (r->stamp[id[i]] == r->step) continue;
        r->stamp[id[i]] = r->step;
        r->touched[r->n_touched++] = id[i];
    }
#pragma omp parallel for schedule(static, 1) if (r->n_touched > 1)
    for (int i = 0; i < r->n_touched; i++)
        catch_up(r, p, m, v, r->touched[i]);
    p->touched = r->touched;
    p->n_touched = r->n_touched;
}

void acf_lazy_rows_update(acf_lazy_rows *r, acf_params *p, real *m, real *v, acf_adamw_factors f,
                          real grad_scale)
{
    if (r->slice < 0) return;
    size_t first = p->slice[r->slice].at;
#pragma omp parallel for schedule(static) if (r->n_touched > 16)
    for (int i = 0; i < r->n_touched; i++) {
        size_t at = first + (size_t)r->touched[i] * r->C;
        acf_adamw_update(p->value + at, m + at, v + at, p->grad + at, r->C, f, grad_scale);
        r->had[r->touched[i]] = r->n_past + 1;
    }
    r->past[r->n_past++] = f;
}
