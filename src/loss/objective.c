#include "loss/objective.h"

#include "base/assert.h"
#include "loss/ce.h"
#include "loss/label_terms.h"
#include "loss/points.h"
#include "num/clones.h"
#include "num/dmul.h"

#include <math.h>
#include <string.h>

#define TAU_MIN          0.001
#define TAU_MAX          10.0
#define LABEL_WEIGHT_MAX 100.0

static const acf_block ICL = {.anchor_instances = true, .contrast_labels = true};
static const acf_block LCL = {.anchor_labels = true, .contrast_instances = true};
static const acf_block SCL = {.anchor_instances = true, .contrast_instances = true};
static const acf_block PACO = {
    .anchor_instances = true, .contrast_instances = true, .contrast_labels = true};
static const acf_block ACF = {.anchor_instances = true,
                              .anchor_labels = true,
                              .contrast_instances = true,
                              .contrast_labels = true};

typedef struct preset {
    const char *name;
    double ce, lambda, label_reg;
    const acf_block *block[2]; /* their terms are summed; NULL: none */
    acf_head head;
} preset;

static const preset presets[ACF_N_LOSS_TYPES] = {
    [ACF_LOSS_CE] = {"ce", 1.0, 0.0, 0.0, {NULL, NULL}, ACF_HEAD_LINEAR},
    [ACF_LOSS_COSINE_CE] = {"cosine_ce", 0.0, 1.0, 0.0, {&ICL, NULL}, ACF_HEAD_LABEL},
    [ACF_LOSS_ICL] = {"icl", 1.0, 0.5, 0.0, {&ICL, NULL}, ACF_HEAD_LINEAR},
    [ACF_LOSS_LCL] = {"lcl", 1.0, 0.5, 0.0, {&LCL, NULL}, ACF_HEAD_LINEAR},
    [ACF_LOSS_SCL] = {"scl", 1.0, 0.5, 0.0, {&SCL, NULL}, ACF_HEAD_LINEAR},
    [ACF_LOSS_PACO] = {"paco", 1.0, 0.5, 0.0, {&PACO, NULL}, ACF_HEAD_LINEAR},
    [ACF_LOSS_ACF] = {"acf", 1.0, 0.5, 0.0, {&ACF, NULL}, ACF_HEAD_LINEAR},
    [ACF_LOSS_LACON] = {"lacon", 0.0, 1.0, 0.1, {&ICL, &LCL}, ACF_HEAD_LABEL},
    [ACF_LOSS_MSE] = {"mse", 1.0, 0.0, 0.0, {NULL, NULL}, ACF_HEAD_LINEAR},
};

acf_objective acf_objective_default(acf_loss_type type)
{
    const preset *p = &presets[type];
    return (acf_objective){.type = type,
                           .ce = p->ce,
                           .lambda = p->lambda,
                           .tau = 0.1,
                           .form = ACF_FORM_SUPCON,
                           .label_weight = 1.0,
                           .cor_type = ACF_COR_FEATURE,
                           .label_reg = p->label_reg};
}

const char *acf_loss_type_name(acf_loss_type type)
{
    return presets[type].name;
}

acf_head acf_objective_head(acf_loss_type type)
{
    return presets[type].head;
}

bool acf_objective_has_contrast(acf_loss_type type)
{
    return presets[type].block[0] != NULL;
}

static acf_status check_weight(double x, const char *key, acf_error *e)
{
    if (x >= 0.0 && isfinite(x)) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE, "loss.%s = %g, must be a finite number >= 0", key, x);
}

static acf_status check_class_weights(const double *weight, int K, acf_error *e)
{
    bool some = false;
    if (weight == NULL) return ACF_OK;
    for (int k = 0; k < K; k++) {
        if (!(weight[k] >= 0.0 && isfinite(weight[k])))
            return acf_fail(e, ACF_ERR_USAGE,
                            "loss.class_weights: weight %d is %g, must be a finite number >= 0", k,
                            weight[k]);
        if (weight[k] > 0.0) some = true;
    }
    if (!some) return acf_fail(e, ACF_ERR_USAGE, "loss.class_weights: all %d weights are 0", K);
    return ACF_OK;
}

static acf_status check_contrast(const acf_objective *o, acf_error *e)
{
    ACF_TRY(check_weight(o->lambda, "lambda", e));
    ACF_TRY(check_weight(o->cor_weight, "cor.weight", e));
    if (!(o->tau >= TAU_MIN && o->tau <= TAU_MAX))
        return acf_fail(e, ACF_ERR_USAGE, "loss.tau = %g is out of range [%g, %g]", o->tau, TAU_MIN,
                        TAU_MAX);
    if (!(o->label_weight > 0.0 && o->label_weight <= LABEL_WEIGHT_MAX))
        return acf_fail(e, ACF_ERR_USAGE, "loss.label_weight = %g is out of range (0, %g]",
                        o->label_weight, LABEL_WEIGHT_MAX);
    if (o->form == ACF_FORM_NTXENT && o->label_weight != 1.0)
        return acf_fail(e, ACF_ERR_USAGE,
                        "loss.form: ntxent has no label weights, but loss.label_weight = %g; set "
                        "it to 1 or use form supcon",
                        o->label_weight);
    return ACF_OK;
}

acf_status acf_objective_check(const acf_objective *o, int K, acf_error *e)
{
    const char *name = presets[o->type].name;
    if (o->type == ACF_LOSS_MSE) {
        if (K == 1) return ACF_OK;
        return acf_fail(e, ACF_ERR_USAGE,
                        "loss.type: mse is for regression (one output), but there are %d classes",
                        K);
    }
    if (K < 2)
        return acf_fail(e, ACF_ERR_USAGE,
                        "loss.type: %s needs at least 2 classes, but there %s %d; regression takes "
                        "loss.type mse",
                        name, K == 1 ? "is" : "are", K);
    ACF_TRY(check_weight(o->ce, "ce", e));
    ACF_TRY(check_weight(o->label_reg, "label_reg", e));
    if (acf_objective_has_contrast(o->type)) ACF_TRY(check_contrast(o, e));
    if (!(o->label_smoothing >= 0.0 && o->label_smoothing < 1.0))
        return acf_fail(e, ACF_ERR_USAGE, "loss.label_smoothing = %g is out of range [0, 1)",
                        o->label_smoothing);
    return check_class_weights(o->class_weight, K, e);
}

/* One evaluation and the gradients it sums, in double. */
typedef struct evaluation {
    const acf_objective_batch *in;
    const acf_objective *o;
    double *d_h, *d_W; /* [N, d], [K, d]; NULL: value only */
    double *d_b;       /* [K] */
    acf_arena arena;
} evaluation;

static size_t gradient_bytes(size_t N, size_t K, size_t d)
{
    return acf_arena_cost(N * d, sizeof(double)) + acf_arena_cost(K * d, sizeof(double)) +
           acf_arena_cost(K, sizeof(double));
}

static size_t linear_bytes(size_t N, size_t K, size_t d)
{
    return 2 * acf_arena_cost(N * d, sizeof(double)) + 2 * acf_arena_cost(K * d, sizeof(double)) +
           3 * acf_arena_cost(N * K, sizeof(double));
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t acf_objective_scratch(int N, int K, int d)
{
    size_t n = (size_t)N, k = (size_t)K, width = (size_t)d;
    size_t points = acf_points_bytes(N, K, d) + acf_arena_cost((n + k) * width, sizeof(double)) +
                    larger(acf_contrast_bytes(N + K), acf_label_term_bytes(K));
    size_t phase = larger(larger(linear_bytes(n, k, width), points), acf_cor_bytes(N, K, d));
    return gradient_bytes(n, k, width) + phase;
}

static double *take(evaluation *ev, size_t len)
{
    return acf_arena_take(&ev->arena, len, sizeof(double));
}

static double *take_zeros(evaluation *ev, size_t len)
{
    double *x = take(ev, len);
    memset(x, 0, len * sizeof *x);
    return x;
}

/* A part that has no weight must not turn an infinite value into NaN. */
static double weighted(double weight, double part)
{
    return weight == 0.0 ? 0.0 : weight * part;
}

/* x [len] = h keep */
ACF_CLONES static void apply_keep(double *restrict x, const real *restrict h,
                                  const real *restrict keep, size_t len)
{
    for (size_t j = 0; j < len; j++)
        x[j] = (double)h[j];
    for (size_t j = 0; j < len && keep != NULL; j++)
        x[j] *= (double)keep[j];
}

/* Forward line: x = h keep. */
ACF_CLONES static void keep_backward(double *restrict d_h, const double *restrict d_x,
                                     const real *restrict keep, size_t len)
{
    if (keep == NULL) {
        for (size_t j = 0; j < len; j++)
            d_h[j] += d_x[j];
        return;
    }
    for (size_t j = 0; j < len; j++)
        d_h[j] += d_x[j] * (double)keep[j];
}

/* Forward line: logits = x W^T + b, x = h keep. */
static void linear_backward(evaluation *ev, const double *d_logits, const double *x,
                            const double *w)
{
    int N = ev->in->N, K = ev->in->K, d = ev->in->d;
    size_t len = (size_t)N * (size_t)d;
    double *d_x = take_zeros(ev, len);
    double *d_logits_t = take(ev, (size_t)N * (size_t)K);

    acf_dmul_add(d_x, d, d_logits, K, w, d, N, d, K);
    keep_backward(ev->d_h, d_x, ev->in->keep, len);
    acf_dmul_transpose(d_logits_t, N, d_logits, K, N, K);
    acf_dmul_add(ev->d_W, d, d_logits_t, N, x, d, K, d, N);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < K; k++)
            ev->d_b[k] += d_logits[(size_t)i * (size_t)K + (size_t)k];
}

/* Logits and the term on them. */
static void add_linear_term(acf_loss *out, real *logits, evaluation *ev)
{
    const acf_objective_batch *in = ev->in;
    const acf_objective *o = ev->o;
    int N = in->N, K = in->K, d = in->d;
    bool is_mse = o->type == ACF_LOSS_MSE;
    bool wants_gradient = ev->d_h != NULL && (is_mse || o->ce != 0.0);
    size_t mark = ev->arena.used, n_logits = (size_t)N * (size_t)K;
    double *x = take(ev, (size_t)N * (size_t)d);
    double *w = take(ev, (size_t)K * (size_t)d);
    double *wt = take(ev, (size_t)K * (size_t)d);
    double *exact = take(ev, n_logits); /* logits before rounding to real */
    double *d_logits = wants_gradient ? take(ev, n_logits) : NULL;

    apply_keep(x, in->h, in->keep, (size_t)N * (size_t)d);
    apply_keep(w, in->W, NULL, (size_t)K * (size_t)d);
    acf_dmul_transpose(wt, K, w, d, K, d);
    for (size_t j = 0; j < n_logits; j++)
        exact[j] = (double)in->b[j % (size_t)K];
    acf_dmul_add(exact, K, x, d, wt, K, N, K, d);
    for (size_t j = 0; j < n_logits; j++)
        logits[j] = (real)exact[j];

    if (is_mse)
        out->ce = acf_mean_squared_error(d_logits, exact, in->target, N);
    else
        out->ce = acf_cross_entropy(d_logits, exact, in->y, o->class_weight, o->label_smoothing,
                                    o->ce, N, K);
    out->total += weighted(is_mse ? 1.0 : o->ce, out->ce);
    if (wants_gradient) linear_backward(ev, d_logits, x, w);
    acf_arena_rewind(&ev->arena, mark);
}

/* The terms on unit vectors: contrast, LER, Cor-Reg `label`. */
static void add_point_terms(acf_loss *out, evaluation *ev)
{
    const acf_objective_batch *in = ev->in;
    const acf_objective *o = ev->o;
    bool has_label_cor = out->has_contrast && o->cor_type == ACF_COR_LABEL;
    if (!out->has_contrast && o->label_reg == 0.0) return;

    size_t mark = ev->arena.used;
    acf_points p = acf_points_make(in->h, in->W, in->y, in->N, in->K, in->d, &ev->arena);
    double *d_u = ev->d_h != NULL ? take_zeros(ev, (size_t)p.M * (size_t)p.d) : NULL;
    for (int k = 0; k < 2 && presets[o->type].block[k] != NULL; k++) {
        acf_contrast c = acf_contrast_term(d_u, NULL, &p, *presets[o->type].block[k], o->form,
                                           o->tau, o->label_weight, o->lambda, &ev->arena);
        out->contrast += c.value;
        out->excess += c.excess;
        out->n_anchor += c.n_anchor;
    }
    out->has_excess = out->n_anchor > 0;
    out->total += weighted(o->lambda, out->contrast);
    if (o->label_reg != 0.0) {
        out->label_reg = acf_label_term_add(d_u, &p, ACF_LABEL_LER, o->label_reg, &ev->arena);
        out->total += weighted(o->label_reg, out->label_reg);
    }
    if (has_label_cor) {
        out->has_cor = true;
        out->cor = acf_label_term_add(d_u, &p, ACF_LABEL_SQUARE, o->cor_weight, &ev->arena);
        out->total += weighted(o->cor_weight, out->cor);
    }
    if (d_u != NULL) acf_points_backward(ev->d_h, ev->d_W, d_u, &p);
    acf_arena_rewind(&ev->arena, mark);
}

static void add_feature_term(acf_loss *out, evaluation *ev)
{
    const acf_objective_batch *in = ev->in;
    const acf_objective *o = ev->o;
    bool within = o->cor_type == ACF_COR_WITHIN;
    if (!out->has_contrast || (o->cor_type != ACF_COR_FEATURE && !within)) return;
    out->has_cor = acf_cor_term(&out->cor, ev->d_h, in->h, in->y, within, in->N, in->K, in->d,
                                o->cor_weight, &ev->arena);
    out->total += weighted(o->cor_weight, out->cor);
}

void acf_objective_evaluate(acf_loss *out, real *logits, const acf_objective_gradient *gradient,
                            const acf_objective_batch *in, const acf_objective *o, void *scratch)
{
    int N = in->N, K = in->K, d = in->d;
    ACF_ASSERT(N >= 1 && K >= 1 && d >= 1);
    *out = (acf_loss){.has_contrast = acf_objective_has_contrast(o->type)};
    evaluation ev = {
        .in = in, .o = o, .arena = {.block = scratch, .bytes = acf_objective_scratch(N, K, d)}};
    size_t n_h = (size_t)N * (size_t)d, n_w = (size_t)K * (size_t)d;
    if (gradient != NULL) {
        ev.d_h = take_zeros(&ev, n_h);
        ev.d_W = take_zeros(&ev, n_w);
        ev.d_b = take_zeros(&ev, (size_t)K);
    }

    add_linear_term(out, logits, &ev);
    if (o->type != ACF_LOSS_MSE) {
        add_point_terms(out, &ev);
        add_feature_term(out, &ev);
    }
    if (gradient == NULL) return;
    for (size_t j = 0; j < n_h; j++)
        gradient->h[j] = (real)ev.d_h[j];
    for (size_t j = 0; j < n_w; j++)
        gradient->W[j] += (real)ev.d_W[j];
    for (int k = 0; k < K; k++)
        gradient->b[k] += (real)ev.d_b[k];
}
