#include "optim/optimizer.h"

#include "base/assert.h"
#include "base/mem.h"
#include "optim/adamw.h"
#include "optim/sgd.h"

#include <math.h>

#define PIECE 16384 /* elements that one thread updates at a time: a few pages of each array */

acf_optim_options acf_optim_default(acf_optim_type type)
{
    return (acf_optim_options){.type = type,
                               .lr = 2e-5,
                               .head_lr = 1e-3,
                               .weight_decay = 0.01,
                               .beta1 = 0.9,
                               .beta2 = 0.999,
                               .eps = 1e-8,
                               .momentum = 0.9,
                               .layer_decay = 1.0};
}

static acf_status check_not_negative(double x, const char *key, acf_error *e)
{
    if (x >= 0.0 && isfinite(x)) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE, "train.optimizer.%s = %g, must be a finite number >= 0", key,
                    x);
}

static acf_status check_fraction(double x, const char *key, acf_error *e)
{
    if (x >= 0.0 && x < 1.0) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE, "train.optimizer.%s: %g is out of range [0, 1)", key, x);
}

acf_status acf_optim_check(const acf_optim_options *o, acf_error *e)
{
    ACF_TRY(check_not_negative(o->lr, "lr", e));
    ACF_TRY(check_not_negative(o->head_lr, "head_lr", e));
    ACF_TRY(check_not_negative(o->weight_decay, "weight_decay", e));
    if (!(o->layer_decay > 0.0 && o->layer_decay <= 1.0))
        return acf_fail(e, ACF_ERR_USAGE, "train.optimizer.layer_decay = %g is out of range (0, 1]",
                        o->layer_decay);
    if (o->type == ACF_OPTIM_ADAMW) {
        ACF_TRY(check_fraction(o->beta1, "betas", e));
        ACF_TRY(check_fraction(o->beta2, "betas", e));
        if (!(o->eps > 0.0 && isfinite(o->eps)))
            return acf_fail(e, ACF_ERR_USAGE,
                            "train.optimizer.eps = %g, must be a finite number > 0", o->eps);
        return ACF_OK;
    }
    ACF_TRY(check_fraction(o->momentum, "momentum", e));
    if (o->nesterov && o->momentum == 0.0)
        return acf_fail(e, ACF_ERR_USAGE,
                        "train.optimizer.nesterov: needs momentum > 0, but it is 0");
    return ACF_OK;
}

static int block_names(const char *name[ACF_OPTIM_MAX_BLOCKS], const acf_optim_options *o)
{
    if (o->type == ACF_OPTIM_ADAMW) {
        name[0] = "exp_avg";
        name[1] = "exp_avg_sq";
        return 2;
    }
    name[0] = "momentum";
    return o->momentum > 0.0 ? 1 : 0;
}

static size_t count_pieces(const acf_params *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (acf_param_trains(&p->slice[i])) n += (p->slice[i].len + PIECE - 1) / PIECE;
    return n;
}

static void cut_pieces(acf_optimizer *o, const acf_params *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        const acf_param *s = &p->slice[i];
        if (!acf_param_trains(s)) continue;
        double base = s->group == ACF_GROUP_HEAD ? o->options.head_lr : o->options.lr;
        int above = o->options.n_layers + 1 - s->layer;
        double lr = base * pow(o->options.layer_decay, above);
        bool decays = (s->flags & ACF_PARAM_NO_DECAY) == 0 || o->options.decay_all;
        double decay = decays ? o->options.weight_decay : 0.0;
        for (size_t done = 0; done < s->len; done += PIECE)
            o->piece[n++] = (acf_optim_piece){.at = s->at + done,
                                              .len = s->len - done < PIECE ? s->len - done : PIECE,
                                              .lr = lr,
                                              .decay = decay};
        if ((int)i == o->rows.slice)
            o->table = (acf_optim_piece){.at = s->at, .len = s->len, .lr = lr, .decay = decay};
    }
    ACF_ASSERT(n == o->n_pieces);
}

acf_status acf_optimizer_open(acf_optimizer **out, const acf_optim_options *options,
                              const acf_params *p, acf_error *e)
{
    *out = NULL;
    ACF_TRY(acf_optim_check(options, e));
    acf_optimizer *o = acf_alloc(1, sizeof *o, "optimizer", e);
    if (o == NULL) return ACF_ERR_RESOURCE;
    const char *name[ACF_OPTIM_MAX_BLOCKS];
    o->options = *options;
    o->len = p->len;
    o->n_blocks = block_names(name, options);
    o->n_pieces = count_pieces(p);
    o->piece = acf_alloc(o->n_pieces, sizeof *o->piece, "optimizer", e);
    o->rows.slice = -1;
    bool is_complete = o->piece != NULL && (options->type != ACF_OPTIM_ADAMW ||
                                            acf_lazy_rows_open(&o->rows, p, e) == ACF_OK);
    for (int k = 0; k < o->n_blocks && is_complete; k++) {
        o->block[k].name = name[k];
        o->block[k].x = acf_alloc(o->len, sizeof(real), "optimizer state", e);
        is_complete = o->block[k].x != NULL;
    }
    if (!is_complete) {
        acf_optimizer_close(&o);
        return ACF_ERR_RESOURCE;
    }
    cut_pieces(o, p);
    *out = o;
    return ACF_OK;
}

/* Of the update that comes next. */
static acf_adamw_factors factors(const acf_optimizer *o, acf_optim_piece piece, double lr_factor)
{
    const acf_optim_options *opt = &o->options;
    const acf_adamw a = {
        .beta1 = opt->beta1, .beta2 = opt->beta2, .eps = opt->eps, .update = o->n_done + 1};
    return acf_adamw_factors_of(a, piece.lr * lr_factor, piece.decay);
}

static bool is_lazy(const acf_optimizer *o)
{
    return o->rows.slice >= 0 && o->rows.step > 0;
}

void acf_optimizer_begin(acf_optimizer *o, acf_params *p, const int32_t *id, int n)
{
    if (o->rows.slice >= 0) acf_lazy_rows_begin(&o->rows, p, o->block[0].x, o->block[1].x, id, n);
}

void acf_optimizer_settle(acf_optimizer *o, acf_params *p)
{
    if (is_lazy(o)) acf_lazy_rows_settle(&o->rows, p, o->block[0].x, o->block[1].x);
}

static void update_piece(const acf_optimizer *o, acf_params *p, acf_optim_piece piece,
                         double lr_factor, double grad_scale)
{
    const acf_optim_options *opt = &o->options;
    real *x = p->value + piece.at;
    const real *grad = p->grad + piece.at;
    double lr = piece.lr * lr_factor;
    if (opt->type == ACF_OPTIM_ADAMW) {
        acf_adamw_update(x, o->block[0].x + piece.at, o->block[1].x + piece.at, grad, piece.len,
                         factors(o, piece, lr_factor), (real)grad_scale);
    } else {
        real *u = o->n_blocks > 0 ? o->block[0].x + piece.at : NULL;
        acf_sgd_update(x, u, grad, piece.len, opt->momentum, opt->nesterov, lr, piece.decay,
                       grad_scale);
    }
}

void acf_optimizer_step(acf_optimizer *o, acf_params *p, double lr_factor, double grad_scale)
{
    ACF_ASSERT(p->len == o->len && p->grad != NULL);
    bool lazy = is_lazy(o);
    size_t from = o->table.at, to = lazy ? from + o->table.len : from; /* not updated here */
#pragma omp parallel for schedule(static) if (o->n_pieces > 1)
    for (size_t i = 0; i < o->n_pieces; i++)
        if (o->piece[i].at < from || o->piece[i].at >= to)
            update_piece(o, p, o->piece[i], lr_factor, grad_scale);
    if (lazy)
        acf_lazy_rows_update(&o->rows, p, o->block[0].x, o->block[1].x,
                             factors(o, o->table, lr_factor), (real)grad_scale);
    o->n_done++;
}

void acf_optimizer_close(acf_optimizer **out)
{
    acf_optimizer *o = *out;
    if (o == NULL) return;
    for (int k = 0; k < o->n_blocks; k++)
        acf_free(o->block[k].x);
    acf_free(o->piece);
    acf_lazy_rows_close(&o->rows);
    acf_free(o);
    *out = NULL;
}
