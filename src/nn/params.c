#include "nn/params.h"

#include "base/mem.h"
#include "base/rng.h"
#include "num/vec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ALIGN_ELEMENTS (64 / sizeof(real))

acf_status acf_params_add(int *id, acf_params *p, acf_param s, acf_error *e)
{
    s.name[ACF_PARAM_NAME_MAX - 1] = '\0';
    s.at = acf_params_planned(p);
    if ((s.flags & ACF_PARAM_JOINED) != 0 && p->n > 0)
        s.at = p->slice[p->n - 1].at + p->slice[p->n - 1].len;
    s.len = 1;
    for (int k = 0; k < s.rank; k++) {
        if (s.dim[k] < 1)
            return acf_fail(e, ACF_ERR_MODEL, "%s: dimension %d is %d, must be at least 1", s.name,
                            k, (int)s.dim[k]);
        if (!acf_size_mul(&s.len, s.len, (size_t)s.dim[k]))
            return acf_fail(e, ACF_ERR_MODEL, "%s: shape overflows the address space", s.name);
    }
    if (s.len > (size_t)1 << 40)
        return acf_fail(e, ACF_ERR_MODEL, "%s: %zu elements are more than 2^40", s.name, s.len);
    acf_param *grown = acf_grow(p->slice, &p->cap, p->n + 1, sizeof *grown, "parameter table", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    p->slice = grown;
    *id = (int)p->n;
    p->slice[p->n++] = s;
    return ACF_OK;
}

acf_status acf_params_add_named(int *id, acf_params *p, const char *module, const char *suffix,
                                acf_param s, acf_error *e)
{
    int n = snprintf(s.name, sizeof s.name, "%s.%s", module, suffix);
    if (n < 0 || (size_t)n >= sizeof s.name)
        return acf_fail(e, ACF_ERR_FAIL, "%s.%s: name is longer than %zu bytes", module, suffix,
                        sizeof s.name - 1);
    return acf_params_add(id, p, s, e);
}

size_t acf_params_planned(const acf_params *p)
{
    if (p->n == 0) return 0;
    const acf_param *last = &p->slice[p->n - 1];
    return (last->at + last->len + ALIGN_ELEMENTS - 1) / ALIGN_ELEMENTS * ALIGN_ELEMENTS;
}

acf_status acf_params_alloc(acf_params *p, bool with_grad, acf_error *e)
{
    p->len = acf_params_planned(p);
    p->value = acf_alloc(p->len, sizeof *p->value, "parameters", e);
    if (p->value == NULL) return ACF_ERR_RESOURCE;
    if (!with_grad) return ACF_OK;
    p->grad = acf_alloc(p->len, sizeof *p->grad, "gradients", e);
    return p->grad == NULL ? ACF_ERR_RESOURCE : ACF_OK;
}

void acf_params_zero_grad(acf_params *p)
{
    size_t from = 0;
    for (size_t i = 0; i < p->n && p->touched != NULL; i++) {
        const acf_param *s = &p->slice[i];
        if ((s->flags & ACF_PARAM_ROWS) == 0 || !acf_param_trains(s)) continue;
        acf_vec_zero(p->grad + from, s->at - from);
        from = s->at + s->len;
        break;
    }
    acf_vec_zero(p->grad + from, p->len - from);
}

void acf_params_free_grad(acf_params *p)
{
    acf_free(p->grad);
    p->grad = NULL;
    p->touched = NULL;
}

void acf_params_free(acf_params *p)
{
    acf_free(p->value);
    acf_free(p->grad);
    acf_free(p->slice);
    *p = (acf_params){0};
}

void acf_params_init_slice(acf_params *p, int id, uint64_t seed)
{
    const acf_param *s = &p->slice[id];
    real *x = acf_value(p, id);
    acf_rng rng = {.seed = seed, .stream = ACF_STREAM_INIT, .step = (uint64_t)id};
    double std = s->init_std;
    switch (s->init) {
    case ACF_INIT_ZERO:
        memset(x, 0, s->len * sizeof *x);
        return;
    case ACF_INIT_ONE:
        for (size_t i = 0; i < s->len; i++)
            x[i] = (real)1;
        return;
    case ACF_INIT_HE_FAN_OUT:
        std = sqrt(2.0 / ((double)s->len / (double)(s->rank > 1 ? s->dim[1] : 1)));
        break;
    case ACF_INIT_NORMAL:
        break;
    }
    for (size_t i = 0; i < s->len; i++)
        x[i] = (real)(std * acf_rng_normal(rng, i));
}

int acf_params_find(const acf_params *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->slice[i].name, name) == 0) return (int)i;
    return -1;
}

size_t acf_params_count(const acf_params *p, bool trainable)
{
    size_t count = 0;
    for (size_t i = 0; i < p->n; i++)
        if (!trainable || acf_param_trains(&p->slice[i])) count += p->slice[i].len;
    return count;
}
